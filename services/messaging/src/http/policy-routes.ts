import { type HttpApp, idempotent } from '@vafa/platform';
import Type from 'typebox';
import { type MessagingContext, partsOf } from '../parts.ts';
import { findPolicy } from '../store/policies.ts';
import { putPolicy } from '../use-cases/change-policy.ts';
import { changeBy, isoOf } from './shapes.ts';

const tags = ['contact policy'];
const LocalTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'HH:MM' });

const policyFields = {
  quietHours: Type.Union(
    [Type.Object({ from: LocalTime, to: LocalTime }, { additionalProperties: false }), Type.Null()],
    {
      description:
        'Local hours of the customer without service and promotional messages; may pass midnight. null: none',
    },
  ),
  promotionalCap: Type.Object(
    {
      perDay: Type.Integer({ minimum: 0, maximum: 100, description: 'In any 24 hours' }),
      perWeek: Type.Integer({ minimum: 0, maximum: 700, description: 'In any 7 days' }),
    },
    { additionalProperties: false, description: 'Promotional messages per customer over all channels' },
  ),
};
const PolicyBody = Type.Object(
  {
    ...policyFields,
    version: Type.Integer({ description: '0: the defaults of the settings' }),
    updatedAt: Type.Union([Type.String(), Type.Null()]),
  },
  { description: 'The policy in force' },
);

/** When and how often customers are written to. */
export const policyRoutes = (app: HttpApp, context: MessagingContext): void => {
  const { sql, clock } = context;
  app.get(
    '/v1/contact-policy',
    {
      schema: { tags, summary: 'The contact policy in force', response: { 200: PolicyBody } },
      config: { scope: 'messages:read' },
    },
    async () => {
      const stored = await findPolicy(sql);
      if (!stored) return { ...partsOf(context).defaultPolicy, version: 0, updatedAt: null };
      return { ...stored.policy, version: stored.version, updatedAt: isoOf(stored.updatedAt) };
    },
  );
  app.put(
    '/v1/contact-policy',
    {
      schema: {
        tags,
        summary: 'Put a contact policy in force, for messages that wait too',
        body: Type.Object(policyFields, { additionalProperties: false }),
        response: { 200: PolicyBody },
      },
      config: { scope: 'messages:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) => {
        const { policy, version, updatedAt } = await putPolicy(tx, request.body, changeBy(request, clock.now()));
        return { ...policy, version, updatedAt: isoOf(updatedAt) };
      }),
  );
};
