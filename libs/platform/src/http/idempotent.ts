import type { Tx } from '@vafa/bus';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceContext } from '../service/definition.ts';
import { type Answer, answerAgain, claimKeys, claimOf, keepBody, tell } from './kept-answers.ts';

/** Whom an answer names, where it is about somebody. */
const namedIn = (body: unknown): string | undefined => {
  const { customerId } = (body ?? {}) as { customerId?: unknown };
  return typeof customerId === 'string' ? customerId : undefined;
};

/**
 * Runs a write in one transaction and answers with its result. With an Idempotency-Key the answer is kept: the same key
 * and request get it again, whatever happened to the first answer on its way; a request under way with the same key is
 * waited for. Refusals are not kept, they are decided anew. Answers that name a customer (`customerId`, or what `about` tells of
 * them) can be forgotten with her, see `forgetAnswers`.
 * @throws AppError conflict `http.idempotency_key_reused` for the same key with another request, `http.answer_forgotten`
 */
export const idempotent = async <Result>(
  context: Pick<ServiceContext, 'sql' | 'clock' | 'wake'>,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  work: (tx: Tx) => Promise<Result>,
  about: (result: Result) => string | undefined = namedIn,
): Promise<Result> => {
  const claim = claimOf(request, status);
  const answer = await context.sql.begin(async (tx): Promise<Answer<Result>> => {
    if (!claim) return { status, body: await work(tx), replayed: false };
    const known = await claimKeys(tx, [claim], context.clock.now());
    if (known.has(claim.key)) return answerAgain(known.get(claim.key), claim);
    const body = await work(tx);
    await keepBody(tx, { key: claim.key, body, customerId: about(body) ?? null });
    return { status, body, replayed: false };
  });
  context.wake();
  return tell(reply, answer);
};
