import { fields } from '@vafa/contracts';
import type { HttpApp, ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { type RefundCursor, type RefusedRefund, readRefusedRefunds } from '../store/read-refunds.ts';
import { Instant } from './schemas.ts';

const RefundsQuery = Type.Object({
  status: fields.OneOf(['refused'] as const, 'refused: they did not fit the order that they name'),
  cursor: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,14}_[^\\u0000]{1,128}$', description: 'nextCursor of the page before' }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});

const RefundPage = Type.Object({
  refunds: Type.Array(
    Type.Object({
      refundId: Type.String(),
      customerId: Type.String({ description: 'As the refund says, which may not be whose order it is' }),
      orderId: Type.Optional(Type.String()),
      scope: Type.String(),
      currency: Type.String(),
      amountMinor: Type.Optional(Type.Integer()),
      note: Type.Optional(Type.String({ description: 'Why it was refused' })),
      occurredAt: Instant,
      recordedAt: Type.String({ description: 'When it was told; it may have waited for its order since' }),
    }),
    { description: 'Those told last first' },
  ),
  nextCursor: Type.Optional(Type.String()),
});

const readCursor = (text: string | undefined): RefundCursor | null => {
  if (text === undefined) return null;
  const end = text.indexOf('_');
  return { recordedAtMs: Number(text.slice(0, end)), refundId: text.slice(end + 1) };
};

const bodyOf = ({ recordedAtMs: _, orderId, amountMinor, note, ...always }: RefusedRefund) => ({
  ...always,
  ...(orderId === null ? {} : { orderId }),
  ...(amountMinor === null ? {} : { amountMinor }),
  ...(note === null ? {} : { note }),
});

/** Refunds beyond what the orders tell of theirs. */
export const refundRoutes = (app: HttpApp, { sql }: ServiceContext): void => {
  app.get(
    '/v1/refunds',
    {
      schema: {
        tags: ['orders'],
        summary: 'Refunds that were refused, also those that waited for their order and then did not fit it',
        querystring: RefundsQuery,
        response: { 200: RefundPage },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const found = await readRefusedRefunds(sql, { after: readCursor(cursor), limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return {
        refunds: page.map(bodyOf),
        ...(last ? { nextCursor: `${last.recordedAtMs}_${last.refundId}` } : {}),
      };
    },
  );
};
