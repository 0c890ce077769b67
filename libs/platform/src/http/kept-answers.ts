import { createHash } from 'node:crypto';
import { plainArray, type Tx, textList } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';

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

/** A request that wants its answer kept. */
export interface Claim {
  key: string;
  hash: string;
  /** HTTP status of its answer. */
  status: number;
}

/** What a request with an Idempotency-Key claims; undefined without one. @throws AppError invalid when the key is too long */
export const claimOf = (request: FastifyRequest, status: number): Claim | undefined => {
  const key = idempotencyKeyOf(request);
  return key === undefined ? undefined : { key, hash: requestHash(request), status };
};

interface KeptAnswer {
  requestHash: string;
  status: number;
  body: string;
}

/** What others with the same key left: undefined if that is gone by now. */
export type KeptAnswers = ReadonlyMap<string, KeptAnswer | undefined>;

/**
 * Claims keys, each named once, in their order, so that two who claim several never wait for each other; to be done before
 * anything else is locked. Whoever claimed one of them before is waited for. Returns what is kept for those that were answered
 * already; the others are the caller's now.
 */
export const claimKeys = async (tx: Tx, claims: readonly Claim[], now: Temporal.Instant): Promise<KeptAnswers> => {
  const keys = claims.map(({ key }) => key);
  // The unique key makes a second request with the same key wait here until the first has committed or failed.
  const claimed = await tx<{ key: string }[]>`
    insert into idempotency_key (key, request_hash, status, body, created_at)
    select key, request_hash, status, '', ${now.toString()}::timestamptz
    from unnest(${textList(tx, keys)}, ${plainArray(claims.map(({ hash }) => hash))}::text[],
      ${plainArray(claims.map(({ status }) => status))}::integer[]) as u (key, request_hash, status)
    order by key on conflict do nothing returning key`;
  if (claimed.length === claims.length) return new Map();
  const mine = new Set(claimed.map(({ key }) => key));
  const others = keys.filter((key) => !mine.has(key));
  const kept = await tx<({ key: string } & KeptAnswer)[]>`
    select key, request_hash as "requestHash", status, body from idempotency_key where key = any(${textList(tx, others)})`;
  const byKey = new Map(kept.map(({ key, ...answer }) => [key, answer]));
  return new Map(others.map((key) => [key, byKey.get(key)]));
};

/** Keeps the body of an answer whose key this transaction has claimed, and whom it names. */
export const keepBody = async (
  tx: Tx,
  { key, body, customerId }: { key: string; body: unknown; customerId: string | null },
): Promise<void> => {
  await tx`update idempotency_key set body = ${JSON.stringify(body ?? null)}, customer_id = ${customerId} where key = ${key}`;
};

/** Keeps the bodies of answers whose keys this transaction has claimed. They name nobody. */
export const keepBodies = async (tx: Tx, answers: readonly { key: string; body: unknown }[]): Promise<void> => {
  if (answers.length === 0) return;
  await tx`update idempotency_key k set body = u.body
    from unnest(
      ${textList(
        tx,
        answers.map(({ key }) => key),
      )}, ${textList(
        tx,
        answers.map(({ body }) => JSON.stringify(body ?? null)),
      )}
    ) as u (key, body) where k.key = u.key`;
};

/** Gives keys back that this transaction has claimed: what was refused is decided anew when it comes again. */
export const giveKeysBack = async (tx: Tx, keys: readonly string[]): Promise<void> => {
  if (keys.length > 0) await tx`delete from idempotency_key where key = any(${textList(tx, keys)})`;
};

/** Stands where an answer was that named somebody who is erased: JSON is never empty. */
const FORGOTTEN = '';

/**
 * Of answers that name these customers nothing stays but that their requests were done: repeated, they are refused and not done
 * again. A customer who was erased may begin anew under the same id.
 */
export const forgetAnswers = async (tx: Tx, customerIds: readonly string[]): Promise<void> => {
  await tx`update idempotency_key set body = ${FORGOTTEN}, request_hash = '', customer_id = null
    where customer_id = any(${textList(tx, customerIds)})`;
};

/** Answers that name one customer are found as another's from now on: when that one is erased, so is what they tell. */
export const giveAnswers = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update idempotency_key set customer_id = ${into} where customer_id = ${from}`;
};

export interface Answer<Result> {
  status: number;
  body: Result;
  /** It was given before. */
  replayed: boolean;
}

/**
 * The answer that is kept for a claim.
 * @throws AppError conflict `http.idempotency_key_reused` when it is another request's, `http.answer_forgotten` when it named a
 * customer who was erased since
 */
export const answerAgain = <Result>(kept: KeptAnswer | undefined, { hash }: Claim): Answer<Result> => {
  if (kept?.body === FORGOTTEN)
    throw new AppError(
      'conflict',
      'http.answer_forgotten',
      'the request with this Idempotency-Key was done; its answer named a customer who was erased since',
    );
  if (!kept || kept.requestHash !== hash)
    throw new AppError('conflict', 'http.idempotency_key_reused', 'this Idempotency-Key was used with another request');
  return { status: kept.status, body: JSON.parse(kept.body) as Result, replayed: true };
};

/** Sets status and headers of an answer; returns its body. */
export const tell = <Result>(reply: FastifyReply, { status, body, replayed }: Answer<Result>): Result => {
  reply.code(status);
  if (replayed) reply.header('idempotency-replayed', 'true');
  return body;
};
