import { createRateTable } from './rate-table.ts';
import type {
  Delivery,
  SmsBehaviour,
  SmsBehaviourInput,
  SmsBehaviourKind,
  SmsCalls,
  SmsChaos,
} from './sms-behaviour.ts';
import { toSmsBehaviour } from './sms-behaviour.ts';

/** The strings by which a test or a fault run pulls the fake Kavenegar. */
export interface SmsScript {
  /** The next call of that sort (sends unless told) behaves so; `times` in a row (1 unless told). First in, first out. */
  next(behaviour: SmsBehaviourInput, options?: { calls?: SmsCalls; times?: number }): void;
  /**
   * From now on calls behave so at random, when nothing is queued by `next`. Replaces what was set before.
   * @throws RangeError when rates are no shares of 1
   */
  random(chaos: SmsChaos): void;
  /** Forgets queue and chaos: from now on all goes well. */
  calm(): void;
  /** How often each behaviour was played since the start. */
  counts(): Record<SmsBehaviourKind, number>;
}

/** What the server asks of the script. */
export interface SmsPlay {
  script: SmsScript;
  take(calls: SmsCalls): SmsBehaviour;
  takeDelivery(): Delivery;
}

const tables = (chaos: SmsChaos) => {
  const seed = chaos.seed ?? 1;
  const answers = createRateTable<SmsBehaviour>(
    [
      { behaviour: { kind: 'status', status: chaos.rejectStatus ?? 409 }, rate: chaos.rejectRate ?? 0 },
      { behaviour: { kind: 'html502' }, rate: chaos.html502Rate ?? 0 },
      { behaviour: { kind: 'hang' }, rate: chaos.hangRate ?? 0 },
      { behaviour: { kind: 'resetBeforeAccept' }, rate: chaos.resetBeforeAcceptRate ?? 0 },
      { behaviour: { kind: 'truncated' }, rate: chaos.truncatedRate ?? 0 },
      { behaviour: { kind: 'acceptThen500' }, rate: chaos.acceptThen500Rate ?? 0 },
      { behaviour: { kind: 'acceptThenHang' }, rate: chaos.acceptThenHangRate ?? 0 },
      { behaviour: { kind: 'acceptThenReset' }, rate: chaos.acceptThenResetRate ?? 0 },
    ],
    seed,
  );
  // Its own source, so that the number of receptors in a call does not shift the draws of the calls after it.
  const deliveries = createRateTable<Delivery>(
    [
      { behaviour: 'undelivered', rate: chaos.undeliveredRate ?? 0 },
      { behaviour: 'blocked', rate: chaos.blockedRate ?? 0 },
    ],
    seed + 1,
  );
  return { answers, deliveries, statusCallsToo: chaos.statusCallsToo ?? false };
};

/** Makes the script of one fake Kavenegar. */
export const createSmsScript = (chaos: SmsChaos = {}): SmsPlay => {
  let current = tables(chaos);
  let queues: Record<SmsCalls, SmsBehaviour[]> = { send: [], status: [], account: [] };
  const played: Record<SmsBehaviourKind, number> = {
    ok: 0,
    status: 0,
    html502: 0,
    hang: 0,
    resetBeforeAccept: 0,
    truncated: 0,
    acceptThen500: 0,
    acceptThenHang: 0,
    acceptThenReset: 0,
  };
  const drawn = (calls: SmsCalls) =>
    calls === 'send' || (calls === 'status' && current.statusCallsToo) ? current.answers() : undefined;

  const script: SmsScript = {
    next: (behaviour, { calls = 'send', times = 1 } = {}) => {
      for (let time = 0; time < times; time += 1) queues[calls].push(toSmsBehaviour(behaviour));
    },
    random: (next) => {
      current = tables(next);
    },
    calm: () => {
      current = tables({});
      queues = { send: [], status: [], account: [] };
    },
    counts: () => ({ ...played }),
  };
  return {
    script,
    take: (calls) => {
      const behaviour = queues[calls].shift() ?? drawn(calls) ?? { kind: 'ok' };
      played[behaviour.kind] += 1;
      return behaviour;
    },
    takeDelivery: () => current.deliveries() ?? 'delivered',
  };
};
