import { fields } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import type { HttpApp, ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { nextTransition } from '../domain/lifecycle.ts';
import { reasonOf } from '../domain/reason.ts';
import { latestSettings, type Thresholds } from '../domain/thresholds.ts';
import { findCustomer, listCustomers, type ReadCustomer } from '../store/read-customers.ts';
import { findSettings } from '../store/settings.ts';
import { findSpend, type Spend } from '../store/spend.ts';
import { CustomerBody, CustomerPage, SegmentId, segmentIdOf, stateOfSegment } from './schemas.ts';

const tags = ['customers'];
const MAX_PAGE = 1_000;

/** What is known of customers. */
export const customerRoutes = (app: HttpApp, { sql }: ServiceContext): void => {
  app.get(
    '/v1/customers/:customerId',
    {
      schema: {
        tags,
        summary: 'Metrics and lifecycle of one customer, with why and what comes next',
        params: Type.Object({ customerId: fields.CustomerId }),
        response: { 200: CustomerBody },
      },
      config: { scope: 'segments:read' },
    },
    async (request) => {
      const found = await findCustomer(sql, request.params.customerId);
      if (!found) throw new AppError('not_found', 'segmentation.customer_unknown', 'nothing is known of this customer');
      const [spend, settings] = await Promise.all([findSpend(sql, found.customer.customerId), findSettings(sql)]);
      return customerBody(found, spend, latestSettings(settings).thresholds);
    },
  );

  app.get(
    '/v1/customers',
    {
      schema: {
        tags,
        summary: 'Customers by id, of one lifecycle state or segment',
        querystring: Type.Object({
          lifecycle: Type.Optional(fields.LifecycleState),
          segment: Type.Optional(SegmentId),
          cursor: Type.Optional(fields.CustomerId),
          limit: Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 100 }),
        }),
        response: { 200: CustomerPage },
      },
      config: { scope: 'segments:read' },
    },
    async (request) => {
      const { lifecycle, segment, cursor, limit } = request.query;
      if (lifecycle && segment)
        throw new AppError('invalid', 'segmentation.two_filters', 'give lifecycle or segment, not both');
      const state = segment ? stateOfSegment(segment) : lifecycle;
      // One more than asked for tells whether there is more.
      const found = await listCustomers(sql, { state, after: cursor ?? '', limit: limit + 1 });
      const customers = found.slice(0, limit).map(({ lastOrderAt, ...customer }) => ({
        ...customer,
        ...(lastOrderAt === null ? {} : { lastOrderAt }),
      }));
      const last = found.length > limit ? customers.at(-1) : undefined;
      return { customers, ...(last && { nextCursor: last.customerId }) };
    },
  );
};

const customerBody = (found: ReadCustomer, spend: readonly Spend[], thresholds: Thresholds) => {
  const { buying, standing, customerId } = found.customer;
  const next = nextTransition(standing.state, buying.lastOrderAt, thresholds);
  return {
    customerId,
    lifecycle: {
      state: standing.state,
      since: String(standing.since),
      reason: standing.reason,
      ...(next && {
        next: {
          to: next.to,
          at: String(next.at),
          reason: reasonOf({ kind: 'silence', days: next.silentDays }, next.to, buying),
        },
      }),
    },
    segments: [segmentIdOf(standing.state)],
    orders: buying.orders,
    items: buying.items,
    ...(buying.firstOrderAt && { firstOrderAt: String(buying.firstOrderAt) }),
    ...(buying.lastOrderAt && { lastOrderAt: String(buying.lastOrderAt) }),
    spend: spend.map((each) => ({ ...each, netMinor: each.grossMinor - each.refundedMinor })),
    interactions: found.interactions,
    ...(found.lastInteractionAt && { lastInteractionAt: String(found.lastInteractionAt) }),
  };
};
