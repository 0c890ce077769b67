import { beginAsking, type Tx } from '@vafa/bus';
import { AppError, assert, present } from '@vafa/kernel';
import type { ServiceContext } from '../service/definition.ts';
import {
  type Answer,
  answerAgain,
  type Claim,
  claimKeys,
  giveKeysBack,
  type KeptAnswers,
  keepBodies,
} from './kept-answers.ts';

/** What became of one command of many: its result, or why it was refused. A refused one has changed nothing. */
export type Verdict<Result> = { kind: 'done'; result: Result } | { kind: 'refused'; error: AppError };

/** Not decided: others would have had to wait for what somebody else has locked. It has changed nothing. */
export interface Postponed {
  kind: 'postponed';
}

export interface Decisions<Result> {
  /** One on each command that was to be decided, in their order. */
  verdicts: (Verdict<Result> | Postponed)[];
  /**
   * Resolves when what they do is written. It is sent already: what is sent next comes after it, COMMIT too. So what can't be
   * written must be refused by the database.
   */
  written: Promise<unknown>;
}

/**
 * How the commands of one transaction are decided, in as few round trips as there are steps that depend on each other. What any
 * step throws fails all of them.
 */
export interface Decider<Command, Known, Held, Result> {
  /** Its transactions keep their plans from the first statement on, see `keepPlans`. */
  keepsPlans: boolean;
  /** Reads what commands are about. Goes along with BEGIN and before keys are claimed: must neither write nor lock. */
  ask: (tx: Tx, commands: readonly Command[]) => Promise<Known>;
  /**
   * Locks and reads what they are decided with; must not write. Sent along with the claim of their keys, after it, so repeated
   * requests are among the commands. Impatient, it waits for nobody's lock; patient, it has all when it is done.
   */
  hold: (tx: Tx, commands: readonly Command[], known: Known, patient: boolean) => Promise<Held>;
  /**
   * Decides those that are not repeated, by their places among the commands, in order of arrival, and sends what they do.
   * Impatiently held, it postpones what could not be had at once.
   */
  decide: (tx: Tx, held: Held, fresh: readonly number[]) => Decisions<Result>;
}

/** A request as it is decided. */
export interface Asked<Command> {
  command: Command;
  /** HTTP status of its answer. */
  status: number;
  claim: Claim | undefined;
}

export type Outcome<Result> = Verdict<Answer<Result>> | Postponed;

/** The answer that is kept for a key that was known, or its refusal. */
const repeat = <Result>(known: KeptAnswers, claim: Claim): Outcome<Result> => {
  try {
    return { kind: 'done', result: answerAgain<Result>(known.get(claim.key), claim) };
  } catch (error) {
    if (error instanceof AppError) return { kind: 'refused', error };
    throw error;
  }
};

/** Keeps the answers of those that were done; the keys of all others are free again. */
const keepAnswers = async <Command, Result>(
  tx: Tx,
  asked: readonly Asked<Command>[],
  outcomes: readonly Outcome<Result>[],
): Promise<void> => {
  const bodies: { key: string; body: Result }[] = [];
  const others: string[] = [];
  for (const [i, { claim }] of asked.entries()) {
    const outcome = present(outcomes[i], 'outcome');
    if (!claim) continue;
    if (outcome.kind === 'done') bodies.push({ key: claim.key, body: outcome.result.body });
    else others.push(claim.key);
  }
  await Promise.all([keepBodies(tx, bodies), giveKeysBack(tx, others)]);
};

const NOTHING_KEPT: KeptAnswers = new Map();

/**
 * Decides requests in one transaction. Their keys are claimed before anything else is locked, here as in `idempotent`. Returns
 * what became of each, once that is committed.
 */
export const decideInOne = <Command, Known, Held, Result>(
  { sql, clock }: Pick<ServiceContext, 'sql' | 'clock'>,
  { keepsPlans, ask, hold, decide }: Decider<Command, Known, Held, Result>,
  asked: readonly Asked<Command>[],
  patient: boolean,
): Promise<Outcome<Result>[]> => {
  /** What is told again, where all are repeated: known from what others have committed, and nothing is written here. */
  let again: Outcome<Result>[] | undefined;
  const commands = asked.map(({ command }) => command);
  const claims = asked.flatMap(({ claim }) => claim ?? []);
  return beginAsking(sql, {
    keepsPlans,
    ask: (tx) => ask(tx, commands),
    decide: async (tx, known, alongWithCommit) => {
      const claiming = claims.length > 0 ? claimKeys(tx, claims, clock.now()) : NOTHING_KEPT;
      const holding = hold(tx, commands, known, patient);
      // Heard below, unless the claim fails before.
      holding.catch(() => undefined);
      const kept = await claiming;
      const isRepeated = ({ claim }: Asked<Command>): boolean => claim !== undefined && kept.has(claim.key);
      const fresh = asked.flatMap((each, i) => (isRepeated(each) ? [] : [i]));
      if (fresh.length === 0) {
        again = asked.map(({ claim }) => repeat<Result>(kept, present(claim, 'claim')));
        await holding;
        return again;
      }
      const { verdicts, written } = decide(tx, await holding, fresh);
      written.catch(() => undefined);
      assert(verdicts.length === fresh.length, 'there is a verdict on each command');
      const decided = fresh.map((place) => present(asked[place], 'command'));
      const outcomes = verdicts.map((verdict, i): Outcome<Result> => {
        if (verdict.kind !== 'done') return verdict;
        return {
          kind: 'done',
          result: { status: present(decided[i], 'command').status, body: verdict.result, replayed: false },
        };
      });
      alongWithCommit(Promise.all([written, keepAnswers(tx, decided, outcomes)]));
      const next = outcomes.values();
      return asked.map((each) =>
        isRepeated(each) ? repeat<Result>(kept, present(each.claim, 'claim')) : present(next.next().value, 'outcome'),
      );
    },
  }).catch((error: unknown) => {
    // What could not be held is of no concern to who is told again what became of it.
    if (again) return again;
    throw error;
  });
};
