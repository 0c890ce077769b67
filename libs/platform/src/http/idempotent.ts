import { createHash } from 'node:crypto';
import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceContext } from '../service/definition.ts';

const MAX_KEY = 255;

/** Method, route and body of a request: what must be the same when its key comes again. */
export const requestHash = (request: FastifyRequest): string =>
  createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest('hex');

/** The caller's Idempotency-Key, made private to its API key. @throws AppError invalid when it is too long */
export const idempotencyKeyOf = (request: FastifyRequest): string | undefined => {
  const given = request.headers['idempotency-key'];
  if (given === undefined || given === '') return undefined;
  if (typeof given !== 'string' || given.length > MAX_KEY)
    throw new AppError(
      'invalid',
      'http.invalid_idempotency_key',
      `Idempotency-Key may have at most ${MAX_KEY} characters`,
    );
  return `${request.apiKey?.id ?? 'public'}:${given}`;
};

/**
 * Runs a write in one transaction and answers with its result. With an Idempotency-Key the answer is kept: the same key
 * and request get it again, whatever happened to the first answer on its way; a request under way with the same key is
 * waited for. Refusals are not kept, they are decided anew.
 * @throws AppError conflict `http.idempotency_key_reused` for the same key with another request
 */
export const idempotent = async <Result>(
  context: Pick<ServiceContext, 'sql' | 'clock' | 'wake'>,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> => {
  const key = idempotencyKeyOf(request);
  const outcome = await context.sql.begin(async (tx): Promise<{ status: number; body: Result; replayed: boolean }> => {
    if (key === undefined) return { status, body: await work(tx), replayed: false };
    const hash = requestHash(request);
    // The unique key makes a second request with the same key wait here until the first has committed or failed.
    const mine = await tx`insert into idempotency_key (key, request_hash, status, body, created_at)
      values (${key}, ${hash}, ${status}, '', ${context.clock.now().toString()}::timestamptz)
      on conflict do nothing returning key`;
    if (mine.length === 0) {
      const [kept] = await tx<{ requestHash: string; status: number; body: string }[]>`
        select request_hash as "requestHash", status, body from idempotency_key where key = ${key}`;
      if (!kept || kept.requestHash !== hash)
        throw new AppError(
          'conflict',
          'http.idempotency_key_reused',
          'this Idempotency-Key was used with another request',
        );
      return { status: kept.status, body: JSON.parse(kept.body) as Result, replayed: true };
    }
    const body = await work(tx);
    await tx`update idempotency_key set body = ${JSON.stringify(body ?? null)} where key = ${key}`;
    return { status, body, replayed: false };
  });
  context.wake();
  reply.code(outcome.status);
  if (outcome.replayed) reply.header('idempotency-replayed', 'true');
  return outcome.body;
};
