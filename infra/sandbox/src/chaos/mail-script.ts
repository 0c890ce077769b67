import { createRateTable } from './rate-table.ts';

/**
 * How the fake SMTP server treats one recipient. The kinds that begin with `accept` take the message and then spoil
 * the answer. When recipients of one message differ, the first one that is not `ok` decides over the connection.
 */
export type MailBehaviour =
  | { kind: 'ok' }
  /** 550, 452, … at RCPT TO, or after DATA. */
  | { kind: 'reject'; code: number; text?: string; at?: 'rcpt' | 'data' }
  | { kind: 'dropBeforeData' }
  /** Takes the whole message, never answers, and does not keep it. */
  | { kind: 'hang' }
  | { kind: 'acceptThenDrop' }
  | { kind: 'acceptThenHang' };

export type MailBehaviourKind = MailBehaviour['kind'];

/** A number is short for `{ kind: 'reject', code }`, a word for `{ kind }`. */
export type MailBehaviourInput = MailBehaviour | Exclude<MailBehaviourKind, 'reject'> | number;

/** Rates are 0 to 1 per recipient and sum to at most 1. */
export interface MailChaos {
  seed?: number;
  /** Refusals at RCPT TO with `rejectCode` (452 unless given). */
  rejectRate?: number;
  rejectCode?: number;
  dropBeforeDataRate?: number;
  hangRate?: number;
  acceptThenDropRate?: number;
  acceptThenHangRate?: number;
}

/** The strings by which a test or a fault run pulls the fake SMTP server. */
export interface MailScript {
  /** The next recipient behaves so, whoever it is; `times` in a row (1 unless told). */
  next(behaviour: MailBehaviourInput, options?: { times?: number }): void;
  /** This address behaves so, `times` times (always, unless told). `ok` takes the rule away. */
  forRecipient(address: string, behaviour: MailBehaviourInput, options?: { times?: number }): void;
  /**
   * From now on recipients behave so at random, when nothing else is scripted. Replaces what was set before.
   * @throws RangeError when rates are no shares of 1
   */
  random(chaos: MailChaos): void;
  /** Forgets all rules: from now on all goes well. */
  calm(): void;
  /** How often each behaviour was played since the start. */
  counts(): Record<MailBehaviourKind, number>;
}

/** What the server asks of the script. */
export interface MailPlay {
  script: MailScript;
  take(address: string): MailBehaviour;
}

const toMailBehaviour = (input: MailBehaviourInput): MailBehaviour => {
  if (typeof input === 'number') return { kind: 'reject', code: input };
  return typeof input === 'string' ? { kind: input } : input;
};

const table = (chaos: MailChaos) =>
  createRateTable<MailBehaviour>(
    [
      { behaviour: { kind: 'reject', code: chaos.rejectCode ?? 452 }, rate: chaos.rejectRate ?? 0 },
      { behaviour: { kind: 'dropBeforeData' }, rate: chaos.dropBeforeDataRate ?? 0 },
      { behaviour: { kind: 'hang' }, rate: chaos.hangRate ?? 0 },
      { behaviour: { kind: 'acceptThenDrop' }, rate: chaos.acceptThenDropRate ?? 0 },
      { behaviour: { kind: 'acceptThenHang' }, rate: chaos.acceptThenHangRate ?? 0 },
    ],
    chaos.seed ?? 1,
  );

/** Makes the script of one fake SMTP server. */
export const createMailScript = (chaos: MailChaos = {}): MailPlay => {
  let draw = table(chaos);
  const queue: MailBehaviour[] = [];
  const rules = new Map<string, { behaviour: MailBehaviour; left: number }>();
  const played: Record<MailBehaviourKind, number> = {
    ok: 0,
    reject: 0,
    dropBeforeData: 0,
    hang: 0,
    acceptThenDrop: 0,
    acceptThenHang: 0,
  };
  const ruled = (address: string) => {
    const rule = rules.get(address.toLowerCase());
    if (rule === undefined) return undefined;
    rule.left -= 1;
    if (rule.left <= 0) rules.delete(address.toLowerCase());
    return rule.behaviour;
  };

  const script: MailScript = {
    next: (behaviour, { times = 1 } = {}) => {
      for (let time = 0; time < times; time += 1) queue.push(toMailBehaviour(behaviour));
    },
    forRecipient: (address, input, { times = Number.POSITIVE_INFINITY } = {}) => {
      const behaviour = toMailBehaviour(input);
      if (behaviour.kind === 'ok') rules.delete(address.toLowerCase());
      else rules.set(address.toLowerCase(), { behaviour, left: times });
    },
    random: (next) => {
      draw = table(next);
    },
    calm: () => {
      draw = table({});
      queue.length = 0;
      rules.clear();
    },
    counts: () => ({ ...played }),
  };
  return {
    script,
    take: (address) => {
      const behaviour = ruled(address) ?? queue.shift() ?? draw() ?? { kind: 'ok' };
      played[behaviour.kind] += 1;
      return behaviour;
    },
  };
};
