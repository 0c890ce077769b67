import { createGather, isClash, isInfrastructure } from '@vafa/bus';
import { AppError, present } from '@vafa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceContext } from '../service/definition.ts';
import { type Asked, type Decider, decideInOne, type Outcome } from './decide-in-one.ts';
import { type Answer, claimOf, tell } from './kept-answers.ts';
import { createOneByOne } from './one-by-one.ts';

export interface TogetherOptions<Command, Known, Held, Result> {
  context: Pick<ServiceContext, 'sql' | 'clock' | 'wake'>;
  /** Transactions at the same time, and as many again that wait for somebody else's locks. */
  places: number;
  /** Most requests of one transaction. */
  most: number;
  /** Most requests that are not answered yet; further ones are refused until some are. */
  maxUnanswered: number;
  decider: Decider<Command, Known, Held, Result>;
}

export interface Together<Command, Result> {
  /**
   * Answers a request with the result of its command. Idempotency-Keys mean what they mean to `idempotent`.
   * @throws AppError with which it was refused, conflict `http.idempotency_key_reused`, unavailable `http.too_many_waiting`
   */
  answer(request: FastifyRequest, reply: FastifyReply, status: number, command: Command): Promise<Result>;
  /** Resolves when all are answered. */
  idle(): Promise<void>;
}

interface Waiting<Command, Result> extends Asked<Command> {
  done: (answer: Answer<Result>) => void;
  failed: (error: unknown) => void;
}

/** A transaction that the database gave up for the sake of another is tried so often in all. */
const MAX_TRIES = 5;

const tooManyWait = (): AppError =>
  new AppError('unavailable', 'http.too_many_waiting', 'too many requests wait to be decided, try again', {
    retryAfterSeconds: 1,
  });

/**
 * Requests that wait while others are decided are decided together then: one transaction, one commit, and each gets its own
 * answer. A request that comes when nothing is under way goes at once and alone, by the same way. Those that somebody else's
 * locks hinder keep nobody else waiting: they wait for them in transactions of their own.
 *
 * When the transaction fails, all of its requests are undone. If the database (or the network) failed, all are told so; but a
 * deadlock is tried again. Otherwise it was one of them that made it fail, and halves of them are done by themselves until
 * that one stands alone and it alone gets the error.
 */
export const createTogether = <Command, Known, Held, Result>(
  options: TogetherOptions<Command, Known, Held, Result>,
): Together<Command, Result> => {
  const { context, places, most, maxUnanswered, decider } = options;
  type Each = Waiting<Command, Result>;
  const unanswered = new Set<Promise<unknown>>();
  const oneByOne = createOneByOne();

  const run = async (portion: readonly Each[], patient: boolean, tries = 1): Promise<void> => {
    let outcomes: Outcome<Result>[];
    try {
      outcomes = await decideInOne(context, decider, portion, patient);
    } catch (error) {
      if (isClash(error) && tries < MAX_TRIES) return run(portion, patient, tries + 1);
      return fail(portion, error, patient);
    }
    context.wake();
    for (const [i, each] of portion.entries()) {
      const outcome = present(outcomes[i], 'outcome');
      if (outcome.kind === 'done') each.done(outcome.result);
      else if (outcome.kind === 'refused') each.failed(outcome.error);
      else hindered.add(each);
    }
  };

  const fail = async (portion: readonly Each[], error: unknown, patient: boolean): Promise<void> => {
    if (portion.length === 1 || isInfrastructure(error)) {
      for (const { failed } of portion) failed(error);
      return;
    }
    const half = Math.ceil(portion.length / 2);
    await run(portion.slice(0, half), patient);
    await run(portion.slice(half), patient);
  };

  const arrived = createGather<Each>({ places, most, run: (portion) => run(portion, false) });
  const hindered = createGather<Each>({ places, most, run: (portion) => run(portion, true) });

  const decided = (asked: Asked<Command>): Promise<Answer<Result>> =>
    new Promise((done, failed) => arrived.add({ ...asked, done, failed }));

  return {
    answer: async (request, reply, status, command) => {
      const claim = claimOf(request, status);
      if (unanswered.size >= maxUnanswered) throw tooManyWait();
      // Of requests with one key the later one hears what became of the first, and no transaction waits for that.
      const answer = oneByOne(claim?.key, () => decided({ command, status, claim }));
      unanswered.add(answer);
      try {
        return tell(reply, await answer);
      } finally {
        unanswered.delete(answer);
      }
    },
    idle: async () => {
      while (unanswered.size > 0) await Promise.allSettled(unanswered);
    },
  };
};
