import type { Tx } from '@vafa/bus';
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

/**
 * Decides commands in order of arrival and writes what they do; gives a verdict on each. Impatient, it waits for nobody's lock
 * and postpones what it can't have at once; patient, it postpones nothing. What it throws fails all of them.
 */
export type Decide<Command, Result> = (
  tx: Tx,
  commands: readonly Command[],
  patient: boolean,
) => Promise<(Verdict<Result> | Postponed)[]>;

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

/**
 * Decides requests in one transaction. Their keys are claimed before anything else is locked, here as in `idempotent`. Returns
 * what became of each, once that is committed.
 */
export const decideInOne = <Command, Result>(
  { sql, clock }: Pick<ServiceContext, 'sql' | 'clock'>,
  decide: Decide<Command, Result>,
  asked: readonly Asked<Command>[],
  patient: boolean,
): Promise<Outcome<Result>[]> =>
  sql.begin(async (tx) => {
    const claims = asked.flatMap(({ claim }) => claim ?? []);
    const known: KeptAnswers = claims.length > 0 ? await claimKeys(tx, claims, clock.now()) : new Map();
    const fresh = asked.filter(({ claim }) => !claim || !known.has(claim.key));
    const commands = fresh.map(({ command }) => command);
    const verdicts = commands.length > 0 ? await decide(tx, commands, patient) : [];
    assert(verdicts.length === fresh.length, 'there is a verdict on each command');
    const outcomes = verdicts.map((verdict, i): Outcome<Result> => {
      if (verdict.kind !== 'done') return verdict;
      const { status } = present(fresh[i], 'command');
      return { kind: 'done', result: { status, body: verdict.result, replayed: false } };
    });
    await keepAnswers(tx, fresh, outcomes);
    const next = outcomes.values();
    return asked.map(({ claim }) =>
      claim && known.has(claim.key) ? repeat<Result>(known, claim) : present(next.next().value, 'outcome'),
    );
  }) as Promise<Outcome<Result>[]>;
