import { createGather, isClash, isInfrastructure } from '@vafa/bus';
import { AppError, present } from '@vafa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceContext } from '../service/definition.ts';
import { type Asked, type Decide, decideInOne, type Outcome } from './decide-in-one.ts';
import { type Answer, claimOf, tell } from './kept-answers.ts';

export interface TogetherOptions<Command, Result> {
  context: Pick<ServiceContext, 'sql' | 'clock' | 'wake'>;
  /** Transactions at the same time. */
  places: number;
  /** Most requests of one transaction. */
  most: number;
  /** Most requests that wait; further ones are refused until some are answered. */
  maxWaiting: number;
  decide: Decide<Command, Result>;
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
 * answer. A request that comes when nothing is under way goes at once and alone, by the same way. Those of them that somebody
 * else's lock hinders keep nobody else waiting: they are decided by themselves right after.
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

  const run = async (portion: readonly Each[], patient: boolean, tries = 1): Promise<void> => {
    let outcomes: Outcome<Result>[];
    try {
      outcomes = await decideInOne(context, decide, portion, patient);
    } catch (error) {
      if (isClash(error) && tries < MAX_TRIES) return run(portion, patient, tries + 1);
      return fail(portion, error, patient);
    }
    context.wake();
    const postponed: Each[] = [];
    for (const [i, each] of portion.entries()) {
      const outcome = present(outcomes[i], 'outcome');
      if (outcome.kind === 'done') each.done(outcome.result);
      else if (outcome.kind === 'refused') each.failed(outcome.error);
      else postponed.push(each);
    }
    if (postponed.length > 0) await run(postponed, true);
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

  const gather = createGather<Each>({
    ...{ places, most },
    // Of two requests with one key the later one hears what became of the first.
    fits: ({ claim }, portion) => !claim || portion.every((each) => each.claim?.key !== claim.key),
    run: (portion) => {
      waiting -= portion.length;
      return run(portion, portion.length === 1);
    },
  });

  return {
    answer: async (request, reply, status, command) => {
      const claim = claimOf(request, status);
      if (waiting >= maxWaiting) throw tooManyWait();
      const answer = await new Promise<Answer<Result>>((done, failed) => {
        waiting += 1;
        gather.add({ command, status, claim, done, failed });
      });
      return tell(reply, answer);
    },
    idle: () => gather.idle(),
  };
};
