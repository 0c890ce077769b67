import { fields, LIFECYCLE_SEGMENT_PREFIX, LIFECYCLE_STATES } from '@vafa/contracts';
import Type from 'typebox';
import { MAX_DAYS, MAX_LOYAL_ORDERS } from '../domain/thresholds.ts';

const SEGMENT_IDS = LIFECYCLE_STATES.map((state) => `${LIFECYCLE_SEGMENT_PREFIX}${state}` as const);

/** The id under which a lifecycle state can be read as a segment. */
export const segmentIdOf = (state: fields.LifecycleState) => `${LIFECYCLE_SEGMENT_PREFIX}${state}` as const;

/** The state that a segment id of `SegmentId` names. */
export const stateOfSegment = (segmentId: (typeof SEGMENT_IDS)[number]): fields.LifecycleState =>
  segmentId.slice(LIFECYCLE_SEGMENT_PREFIX.length) as fields.LifecycleState;

export const SegmentId = fields.OneOf(SEGMENT_IDS, 'A lifecycle state as a segment');

const Instant = Type.String({ description: 'ISO 8601 instant' });
const Count = Type.Integer({ minimum: 0 });

const NextTransition = Type.Object(
  { to: fields.LifecycleState, at: Instant, reason: Type.String() },
  { description: 'What silence will bring, unless the customer orders before' },
);

export const CustomerBody = Type.Object(
  {
    customerId: Type.String({ description: 'The id the customer lives on under, if the one asked for was merged' }),
    lifecycle: Type.Object({
      state: fields.LifecycleState,
      since: Instant,
      reason: Type.String({ description: 'Why, for people' }),
      next: Type.Optional(NextTransition),
    }),
    segments: Type.Array(SegmentId),
    orders: Type.Integer({ minimum: 0, description: 'Orders, without those refunded in full' }),
    items: Type.Integer({ minimum: 0, description: 'Things bought and kept' }),
    firstOrderAt: Type.Optional(Instant),
    lastOrderAt: Type.Optional(Instant),
    spend: Type.Array(
      Type.Object({
        currency: Type.String(),
        grossMinor: Type.Integer({ description: 'Paid, in minor units' }),
        refundedMinor: Type.Integer({ description: 'Paid back, in minor units' }),
        netMinor: Type.Integer({
          description: 'Paid less paid back; negative when more was paid back than is on record',
        }),
      }),
    ),
    interactions: Count,
    lastInteractionAt: Type.Optional(Instant),
  },
  { description: 'What is known of a customer' },
);

export const CustomerPage = Type.Object(
  {
    customers: Type.Array(
      Type.Object({
        customerId: Type.String(),
        state: fields.LifecycleState,
        since: Instant,
        orders: Count,
        lastOrderAt: Type.Optional(Instant),
      }),
    ),
    nextCursor: Type.Optional(Type.String({ description: 'Give it as `cursor` for more; absent at the end' })),
  },
  { description: 'Customers by id' },
);

export const CountsBody = Type.Object(
  {
    counts: Type.Object(Object.fromEntries(LIFECYCLE_STATES.map((state) => [state, Count]))),
    total: Count,
    due: Type.Integer({
      minimum: 0,
      description: 'Customers who are yet to be looked at: until it is 0, some states may be behind',
    }),
  },
  { description: 'Customers per lifecycle state' },
);

export const SegmentsBody = Type.Object(
  { segments: Type.Array(Type.Object({ segmentId: SegmentId, customers: Count })) },
  { description: 'Segments and how many customers are in them' },
);

const Days = (description: string) => Type.Integer({ minimum: 1, maximum: MAX_DAYS, description });
const thresholds = {
  atRiskAfterDays: Days('Silence longer than this: at_risk'),
  dormantAfterDays: Days('Silence longer than this: dormant'),
  churnedAfterDays: Days('Silence longer than this: churned'),
  loyalOrders: Type.Integer({
    minimum: 2,
    maximum: MAX_LOYAL_ORDERS,
    description: 'Orders from which an active customer is loyal',
  }),
};

export const ChangeSettingsBody = Type.Object(
  {
    ...thresholds,
    version: Type.Optional(
      Type.Integer({ minimum: 0, description: 'The version you saw; refused when there is a newer one' }),
    ),
  },
  { additionalProperties: false },
);

export const SettingsBody = Type.Object(
  {
    ...thresholds,
    version: Type.Integer({ minimum: 0, description: '0: as Vafa starts' }),
    changedBy: Type.Optional(Type.String({ description: 'Id of the API key' })),
    changedAt: Type.Optional(Instant),
    reviewed: Type.Boolean({ description: 'Has every customer been looked at again since the change?' }),
  },
  { description: 'The thresholds of the lifecycle' },
);
