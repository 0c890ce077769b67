import { fields, OrderLine } from '@vafa/contracts';
import Type from 'typebox';
import { REPLAY_STATUSES } from '../store/schema.ts';
import { MAX_REPLAY_DAYS } from '../use-cases/replay-draft.ts';
import { Instant, MAX_VERSION } from './schemas.ts';

const Uuid = Type.String({ format: 'uuid' });
const Points = Type.Integer({ minimum: 0, description: 'Points, whole' });
const Count = Type.Integer({ minimum: 0 });
/** Lines of a simulated order, as of a real one. */
const MAX_LINES = 2_000;
const MAX_SEGMENTS = 200;

export const SimulationBody = Type.Object(
  {
    order: Type.Object(
      {
        currency: fields.Currency,
        totalMinor: fields.AmountMinor,
        lines: Type.Optional(Type.Array(OrderLine, { maxItems: MAX_LINES })),
        store: Type.Optional(fields.Label),
        channel: Type.Optional(fields.Label),
        occurredAt: Type.Optional(Type.String({ ...fields.Instant, description: 'Now, if not given' })),
      },
      { additionalProperties: false },
    ),
    customer: Type.Optional(
      Type.Object(
        {
          tier: Type.Optional(fields.Label),
          segments: Type.Optional(Type.Array(fields.Label, { maxItems: MAX_SEGMENTS })),
          lifecycle: Type.Optional(fields.LifecycleState),
          attributes: Type.Optional(fields.Attributes),
        },
        {
          additionalProperties: false,
          description: 'Assumed of the customer; goes before what is known of customerId',
        },
      ),
    ),
    customerId: Type.Optional(fields.CustomerId),
    draftId: Type.Optional(Uuid),
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_VERSION, description: 'In the place of a draft' })),
  },
  { additionalProperties: false },
);

export const SimulationResult = Type.Object({
  version: Type.Optional(Type.Integer()),
  draftId: Type.Optional(Type.String()),
  points: Points,
  entries: Type.Array(
    Type.Object({
      ruleId: Type.String({ description: '`base` for the rate' }),
      points: Points,
      explanation: Type.String({ description: 'e.g. 120 = 100 base × 1.2 silver' }),
      activatesAt: Type.Optional(Type.String({ description: 'Not spendable before; absent = at once' })),
      awaits: Type.Optional(
        Type.String({ description: 'Type of the interaction that makes them spendable; they are lost without it' }),
      ),
      expiresAt: Type.Optional(Type.String({ description: 'Absent = never, or not known before they are activated' })),
    }),
  ),
  note: Type.Union([Type.String(), Type.Null()], { description: 'Why it earns nothing' }),
  cappedAway: Type.Array(Type.String(), {
    description:
      'Rules whose caps, or the caps of what they multiply, would leave nothing of what they gave; later rules had their turn instead',
  }),
});

export const ReplayBody = Type.Object(
  { days: Type.Integer({ minimum: 1, maximum: MAX_REPLAY_DAYS, description: 'Orders of so many days up to now' }) },
  { additionalProperties: false },
);

export const ReplayParams = Type.Object({ replayId: Uuid });

export const Replay = Type.Object({
  replayId: Uuid,
  draftId: Uuid,
  draftRevision: Type.Integer({ description: 'The draft as it was when the replay was asked for' }),
  status: fields.OneOf(REPLAY_STATUSES),
  days: Type.Integer(),
  from: Instant,
  until: Instant,
  actor: Type.String(),
  createdAt: Instant,
  startedAt: Type.Optional(Instant),
  finishedAt: Type.Optional(Instant),
  progress: Type.Object({
    ordersDone: Count,
    ordersTotal: Type.Union([Count, Type.Null()], { description: 'null until they were counted' }),
  }),
  result: Type.Object(
    {
      orders: Count,
      ordersWithoutDetails: Type.Integer({
        description:
          'Orders of which no category, brand, label, store or channel is known: none was sent, or they came before such details were kept. Rules that ask for them give nothing for these',
      }),
      ordersOutOfRange: Count,
      points: Type.Object({ booked: Points, draft: Points }),
      byCurrency: Type.Array(
        Type.Object({
          currency: Type.String(),
          orders: Count,
          turnoverMinor: Count,
          booked: Points,
          draft: Points,
          bookedCostMinor: Type.Union([Type.Integer(), Type.Null()]),
          draftCostMinor: Type.Union([Type.Integer(), Type.Null()], {
            description: "By the draft's value of points in this currency; null when it names none",
          }),
        }),
      ),
      byRule: Type.Array(Type.Object({ ruleId: Type.String(), orders: Count, points: Points })),
      customers: Type.Object(
        { up: Count, down: Count, same: Count },
        { description: 'Customers whom the draft gives more, less, or the same' },
      ),
    },
    {
      description:
        'Of the orders gone through so far, refunds left aside. Tiers, segments and attributes are those of today; a budget for all is used up in the order of customers, not of time',
    },
  ),
  error: Type.Optional(Type.String()),
});

export const ReplayList = Type.Object({ replays: Type.Array(Replay, { description: 'Newest first' }) });
