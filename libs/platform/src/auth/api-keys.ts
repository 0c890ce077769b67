import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '@vafa/bus';
import { AppError, newId } from '@vafa/kernel';
import { SCOPES, type Scope } from '../http/app.ts';

export interface ApiKey {
  id: string;
  name: string;
  scopes: Scope[];
}

export interface ListedApiKey extends ApiKey {
  createdAt: string;
  revokedAt: string | null;
}

const PREFIX = 'vafa_';
const KEY_BYTES = 32;

/** A random key of 256 bits needs no slow hash: it can't be guessed. */
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Makes a key. The secret is returned this once. @throws AppError invalid for an unknown scope */
export const createApiKey = async (
  sql: Queryable,
  input: { name: string; scopes: readonly string[] },
  now: Temporal.Instant,
): Promise<ApiKey & { secret: string }> => {
  const unknown = input.scopes.filter((scope) => !SCOPES.includes(scope as Scope));
  if (unknown.length > 0 || input.scopes.length === 0)
    throw new AppError(
      'invalid',
      'auth.unknown_scope',
      `unknown scopes: ${unknown.join(', ') || '(none given)'}; allowed: ${SCOPES.join(', ')}`,
    );
  const secret = PREFIX + randomBytes(KEY_BYTES).toString('base64url');
  const id = newId();
  await sql`insert into auth.api_key (id, name, hash, scopes, created_at)
    values (${id}, ${input.name}, ${hashOf(secret)}, ${[...input.scopes]}::text[], ${now.toString()}::timestamptz)`;
  return { id, name: input.name, scopes: [...input.scopes] as Scope[], secret };
};

export const listApiKeys = (sql: Queryable): Promise<ListedApiKey[]> =>
  sql<
    ListedApiKey[]
  >`select id, name, scopes, created_at as "createdAt", revoked_at as "revokedAt" from auth.api_key order by id`;

/** Takes effect in every process within the cache time of the keys (10 s). Returns false for an unknown id. */
export const revokeApiKey = async (sql: Queryable, id: string, now: Temporal.Instant): Promise<boolean> => {
  const rows = await sql`update auth.api_key set revoked_at = coalesce(revoked_at, ${now.toString()}::timestamptz)
    where id = ${id} returning id`;
  return rows.length === 1;
};

const CACHE_MS = 10_000;
const MAX_CACHED = 10_000;

/** Finds the key of a request's secret; known answers are kept for 10 s, so the database is not asked per request. */
export const createKeyFinder = (sql: Queryable) => {
  const cache = new Map<string, { key: ApiKey | undefined; until: number }>();
  return async (secret: string): Promise<ApiKey | undefined> => {
    if (!secret.startsWith(PREFIX) || secret.length > 200) return undefined;
    const hash = hashOf(secret);
    const cached = cache.get(hash);
    if (cached && cached.until > performance.now()) return cached.key;
    const [key] = await sql<
      ApiKey[]
    >`select id, name, scopes from auth.api_key where hash = ${hash} and revoked_at is null`;
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(hash, { key, until: performance.now() + CACHE_MS });
    return key;
  };
};
