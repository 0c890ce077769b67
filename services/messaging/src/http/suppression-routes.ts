import { type HttpApp, idempotent } from '@vafa/platform';
import Type from 'typebox';
import { addressKey } from '../domain/addresses.ts';
import type { MessagingContext } from '../parts.ts';
import { recordAdminChange } from '../store/admin-changes.ts';
import { liftSuppressions, listSuppressions } from '../store/suppressions.ts';
import { ChannelField, changeBy, isoOf, NullableInteger } from './shapes.ts';

const tags = ['suppressed addresses'];
const Address = Type.String({ minLength: 3, maxLength: 254, description: '+989121234567 or an e-mail address' });

const List = Type.Object(
  {
    suppressions: Type.Array(
      Type.Object({
        purpose: Type.String({ description: '* means any' }),
        reason: Type.String(),
        at: Type.String(),
        messageId: NullableInteger,
      }),
    ),
  },
  { description: 'Why an address is not written to; empty: it is' },
);

/** Addresses that bounced or refuse. They are kept under a hash, so they can be asked about but not listed. */
export const suppressionRoutes = (app: HttpApp, context: MessagingContext): void => {
  const { sql, clock } = context;
  const body = Type.Object({ channel: ChannelField, address: Address }, { additionalProperties: false });
  // The address goes in the body: what stands in a URL ends up in logs.
  app.post(
    '/v1/suppressions/find',
    {
      schema: { tags, summary: 'Is an address suppressed, and why?', body, response: { 200: List } },
      config: { scope: 'messages:read' },
    },
    async (request) => {
      const found = await listSuppressions(sql, request.body.channel, request.body.address);
      return { suppressions: found.map((each) => ({ ...each, at: isoOf(each.at) })) };
    },
  );
  app.post(
    '/v1/suppressions/lift',
    {
      schema: {
        tags,
        summary: 'Write to an address again (it works now, or belongs to someone else)',
        body,
        response: { 200: Type.Object({ lifted: Type.Integer() }) },
      },
      config: { scope: 'messages:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) => {
        const { channel, address } = request.body;
        const { actor, now } = changeBy(request, clock.now());
        const before = await listSuppressions(tx, channel, address);
        const lifted = await liftSuppressions(tx, channel, address, null);
        const subject = `suppression/${channel}/${addressKey(channel, address)}`;
        if (lifted > 0) await recordAdminChange(tx, { at: now, actor, subject, before, after: null });
        return { lifted };
      }),
  );
};
