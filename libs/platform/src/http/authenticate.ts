import { AppError } from '@vafa/kernel';
import type { FastifyRequest } from 'fastify';
import type { ApiKey } from '../auth/api-keys.ts';
import type { Scope } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls: the API key, without its secret. Absent on public routes. */
    apiKey?: ApiKey;
    /** W3C trace context of this request; events it causes carry it on. */
    traceparent: string;
  }
}

/** @throws AppError unauthenticated, forbidden (names the scope that is missing) */
export const authenticate = async (
  request: FastifyRequest,
  scope: Scope,
  findKey: (secret: string) => Promise<ApiKey | undefined>,
): Promise<ApiKey> => {
  const [kind, secret] = (request.headers.authorization ?? '').split(' ');
  if (kind?.toLowerCase() !== 'bearer' || !secret)
    throw new AppError('unauthenticated', 'auth.key_missing', 'send an API key: Authorization: Bearer vafa_…');
  const key = await findKey(secret);
  if (!key) throw new AppError('unauthenticated', 'auth.key_unknown', 'the API key is not known or was revoked');
  if (!key.scopes.includes(scope))
    throw new AppError('forbidden', 'auth.scope_missing', `the API key lacks the scope ${scope}`, { scope });
  return key;
};
