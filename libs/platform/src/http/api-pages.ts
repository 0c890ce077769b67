import type { FastifySchema } from 'fastify';

interface Shape {
  required?: string[];
  properties?: Record<string, { default?: unknown }>;
}

/** What has a default may be left out: the validator puts it in. A page that called it required would keep callers from asking. */
const asCallersSee = (schema: unknown): unknown => {
  const { required, properties, ...rest } = schema as Shape;
  if (!required || !properties) return schema;
  return { ...rest, properties, required: required.filter((name) => properties[name]?.default === undefined) };
};

/** A route's schema as its page in the OpenAPI document shows it. */
export const shownSchema = (schema: FastifySchema): FastifySchema => ({
  ...schema,
  ...(schema.querystring ? { querystring: asCallersSee(schema.querystring) } : {}),
  ...(schema.body ? { body: asCallersSee(schema.body) } : {}),
});

/** How every route's page tells of refusals. */
export const REFUSALS = {
  '4xx': {
    description: 'Refused, and why (RFC 9457)',
    content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
  },
};
