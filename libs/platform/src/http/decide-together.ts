import { createGather, isClash, isInfrastructure, type Tx } from '@vafa/bus';
import { AppError, assert, present } from '@vafa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceContext } from '../service/definition.ts';
import {
  type Answer,
  answerAgain,
  type Claim,
  claimKeys,
  claimOf,
  giveKeysBack,
  keepBodies,
  tell,
} from './kept-answers.ts';

/** What became of one command of many: its result, or why it was refused. A refused one has changed nothing. */
export type Verdict<Result> = { kind: 'done'; result: Result } | { kind: 'refused'; error: AppError };

export interface TogetherOptions<Command, Result> {
  context: Pick<ServiceContext, 'sql' | 'clock' | 'wake'>;
  /** Transactions at the same time. */
  places: number;
  /** Most requests of one transaction. */
  most: number;
  /** Most requests that wait; further ones are refused until some are answered. */
  maxWaiting: number;
  /**
   * Decides commands in order of arrival and writes what they do; gives a verdict on each. What it throws fails all of them, see
   * `createTogether`.
   */
  decide: (tx: Tx, commands: readonly Command[]) => Promise<Verdict<Result>[]>;
}

export interface Together<Command, Result> {
  /**
   * Answers a request with the result of its command. Idempotency-Keys mean what they mean to `idempotent`.
   * @throws AppError with which it was refused, conflict `http.idempotency_key_reused`, unavailable `http.too_many_waiting`
   */
  answer(request: FastifyRequest, reply: FastifyReply, status: number, command: Command): Promise<Result>;
  /** Resolves when all that waited are answered. */
  idle(): Promise<void>;
}

interface Waiting<Command, Result> {
  command: Command;
  status: number;
  claim: Claim | undefined;
  done: (answer: Answer<Result>) => void;
  failed: (error: unknown) => void;
}

type Outcome<Result> = Verdict<Answer<Result>>;

/** A transaction that the database gave up for the sake of another is tried so often in all. */
const MAX_TRIES = 5;

const refusalIn = <Result>(work: () => Outcome<Result>): Outcome<Result> => {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return { kind: 'refused', error };
    throw error;
  }
};

/**
 * Requests that wait while others are decided are decided together then: one transaction, one commit, and each gets its own
 * answer. A request that comes when nothing is under way goes at once and alone, by the same way.
 *
 * When the transaction fails, all of its requests are undone. If the database (or the network) failed, all are told so; but a
 * deadlock is tried again. Otherwise it was one of them that made it fail, and halves of them are done by themselves until
 * that one stands alone and it alone gets the error.
 */
export const createTogether = <Command, Result>(
  options: TogetherOptions<Command, Result>,
): Together<Command, Result> => {
  const { context, places, most, maxWaiting, decide } = options;
  type Each = Waiting<Command, Result>;
  let waiting = 0;

  const decideFresh = async (tx: Tx, fresh: readonly Each[]): Promise<Map<Each, Outcome<Result>>> => {
    if (fresh.length === 0) return new Map();
    const verdicts = await decide(
      tx,
      fresh.map(({ command }) => command),
    );
    assert(verdicts.length === fresh.length, 'there is a verdict on each command');
    const bodies: { key: string; body: Result }[] = [];
    const refused: string[] = [];
    const outcomes = fresh.map(({ claim, status }, at): Outcome<Result> => {
      const verdict = present(verdicts[at], 'verdict');
      if (claim && verdict.kind === 'done') bodies.push({ key: claim.key, body: verdict.result });
      if (claim && verdict.kind === 'refused') refused.push(claim.key);
      if (verdict.kind === 'refused') return verdict;
      return { kind: 'done', result: { status, body: verdict.result, replayed: false } };
    });
    await Promise.all([keepBodies(tx, bodies), giveKeysBack(tx, refused)]);
    return new Map(fresh.map((each, at) => [each, present(outcomes[at], 'outcome')]));
  };

  /** One transaction. Keys are claimed before anything else is locked, here as in `idempotent`. */
  const decideAll = (portion: readonly Each[]): Promise<Outcome<Result>[]> =>
    context.sql.begin(async (tx) => {
      const claims = portion.flatMap(({ claim }) => claim ?? []);
      const known = claims.length > 0 ? await claimKeys(tx, claims, context.clock.now()) : new Map();
      const isKnown = ({ claim }: Each): boolean => claim !== undefined && known.has(claim.key);
      const outcomes = await decideFresh(
        tx,
        portion.filter((each) => !isKnown(each)),
      );
      return portion.map((each) => {
        if (!each.claim || !isKnown(each)) return present(outcomes.get(each), 'outcome');
        const { claim } = each;
        return refusalIn(() => ({ kind: 'done', result: answerAgain<Result>(known.get(claim.key), claim) }));
      });
    }) as Promise<Outcome<Result>[]>;

  const fail = async (portion: readonly Each[], error: unknown, tries: number): Promise<void> => {
    if (isClash(error) && tries < MAX_TRIES) return run(portion, tries + 1);
    if (portion.length === 1 || isInfrastructure(error)) {
      for (const { failed } of portion) failed(error);
      return;
    }
    const half = Math.ceil(portion.length / 2);
    await run(portion.slice(0, half));
    await run(portion.slice(half));
  };

  const run = async (portion: readonly Each[], tries = 1): Promise<void> => {
    let outcomes: Outcome<Result>[];
    try {
      outcomes = await decideAll(portion);
    } catch (error) {
      return fail(portion, error, tries);
    }
    context.wake();
    for (const [at, { done, failed }] of portion.entries()) {
      const outcome = present(outcomes[at], 'outcome');
      if (outcome.kind === 'done') done(outcome.result);
      else failed(outcome.error);
    }
  };

  const gather = createGather<Each>({
    places,
    most,
    // Of two requests with one key the later one hears what became of the first.
    fits: ({ claim }, portion) => !claim || portion.every((each) => each.claim?.key !== claim.key),
    run: (portion) => {
      waiting -= portion.length;
      return run(portion);
    },
  });

  return {
    answer: async (request, reply, status, command) => {
      const claim = claimOf(request, status);
      if (waiting >= maxWaiting)
        throw new AppError('unavailable', 'http.too_many_waiting', 'too many requests wait to be decided, try again', {
          retryAfterSeconds: 1,
        });
      const answer = await new Promise<Answer<Result>>((done, failed) => {
        waiting += 1;
        gather.add({ command, status, claim, done, failed });
      });
      return tell(reply, answer);
    },
    idle: () => gather.idle(),
  };
};
