import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

/** A Fastify instance whose routes take their types from TypeBox schemas. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What an API key may do: one word per service and right. */
export const SCOPES = [
  'purchases:write',
  'interactions:write',
  'customers:write',
  'ledger:read',
  'ledger:write',
  'ledger:admin',
  'finance:read',
  'segments:read',
  'segments:admin',
  'campaigns:read',
  'campaigns:write',
  'messages:read',
  'messages:write',
  'templates:write',
  'reminders:read',
  'reminders:write',
] as const;
export type Scope = (typeof SCOPES)[number];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope an API key needs for this route; 'public' routes need no key. Every route must say. */
    scope?: Scope | 'public';
  }
}
