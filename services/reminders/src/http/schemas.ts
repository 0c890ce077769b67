import { fields, MessageRequested } from '@vafa/contracts';
import Type from 'typebox';
import { CHANNELS, REMINDER_PURPOSES } from '../domain/definition.ts';
import { CANCELLING_EVENTS } from '../domain/timer.ts';

const strict = { additionalProperties: false } as const;
/** Without control characters: Postgres takes no NUL in text, and no name needs the others. */
const plainText = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\p{Cc}]*$' });
const Nullable = Type.Union([Type.String(), Type.Null()]);

export const DefinitionId = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,63}$',
  description: 'Chosen by you: small letters, digits, - and _',
});
export const Status = fields.OneOf(['active', 'paused', 'stopped'] as const);
export const TimerStatusName = fields.OneOf(['scheduled', 'fired', 'cancelled', 'expired'] as const);

const Purpose = fields.OneOf(REMINDER_PURPOSES, 'Decides which consent, hours and caps apply');
const Message = Type.Object({ channel: fields.OneOf(CHANNELS), templateId: fields.Id }, strict);
const TimeToLive = Type.String({
  maxLength: 40,
  description: 'ISO 8601 duration; past due by more, it is not sent. Default P1D',
});

const content = {
  kind: fields.OneOf(['replenishment', 'points_expiring'] as const),
  name: plainText(200),
  purpose: Purpose,
  messages: Type.Array(Message, {
    minItems: 1,
    maxItems: CHANNELS.length,
    description: 'One per channel, by templates of messaging',
  }),
  category: Type.Optional({ ...plainText(100), description: 'kind replenishment: category of the order lines' }),
  afterDays: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3_650, description: 'kind replenishment: days after the purchase' }),
  ),
  timeOfDay: Type.Optional(
    Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: "HH:mm in the customer's time zone" }),
  ),
  timeToLive: Type.Optional(TimeToLive),
};

export const CreateDefinition = Type.Object(
  {
    id: DefinitionId,
    status: Type.Optional(fields.OneOf(['active', 'paused'] as const, 'Default active')),
    ...content,
  },
  strict,
);
export const ReplaceDefinition = Type.Object(
  {
    ...content,
    version: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The version you saw; refused when there is a newer one' }),
    ),
  },
  strict,
);

export const DefinitionBody = Type.Object(
  {
    id: Type.String(),
    status: Status,
    kind: Type.String(),
    name: Type.String(),
    category: Type.Optional(Type.String()),
    afterDays: Type.Optional(Type.Integer()),
    timeOfDay: Type.Optional(Type.String()),
    messages: Type.Array(Message),
    purpose: Type.String(),
    timeToLive: Type.String(),
    version: Type.Integer(),
    createdAt: Type.String(),
    updatedAt: Type.String(),
  },
  { description: 'A reminder definition' },
);
export const DefinitionPage = Type.Object(
  {
    definitions: Type.Array(DefinitionBody),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Give it as `after` for more' }),
  },
  { description: 'Definitions by id' },
);

export const CreateReminder = Type.Object(
  {
    customerId: fields.CustomerId,
    at: Type.String({ maxLength: 40, description: 'ISO 8601 instant with an offset' }),
    templateId: fields.Id,
    channels: Type.Array(fields.OneOf(CHANNELS), { minItems: 1, maxItems: CHANNELS.length }),
    purpose: Purpose,
    params: Type.Optional({
      ...MessageRequested.data.properties.params,
      maxProperties: 49,
      description: 'Values for the template; customerId is added',
    }),
    timeToLive: Type.Optional(TimeToLive),
    cancelOn: Type.Optional(
      Type.Array(fields.OneOf(CANCELLING_EVENTS), {
        maxItems: CANCELLING_EVENTS.length,
        description: 'Events of the customer that make it needless',
      }),
    ),
  },
  strict,
);

export const ReminderBody = Type.Object(
  {
    id: Type.String(),
    customerId: Type.String(),
    definitionId: Type.Union([Type.String(), Type.Null()], { description: 'null for a single reminder' }),
    occurrence: Type.String({ description: 'What it is about: the order, the lot, or its own id' }),
    dueAt: Type.String(),
    status: TimerStatusName,
    reason: Nullable,
    params: Type.Unsafe<Record<string, string | number | boolean>>({ type: 'object', additionalProperties: true }),
    cancelOn: Type.Array(Type.String()),
    createdAt: Type.String(),
    settledAt: Nullable,
  },
  { description: 'A reminder of one customer' },
);
export const ReminderList = Type.Object(
  { reminders: Type.Array(ReminderBody) },
  { description: 'Reminders, latest due first' },
);

const Counts = Type.Record(Type.String(), Type.Integer());
export const CountsBody = Type.Object(
  {
    created: Type.Integer(),
    waiting: Type.Integer({ description: 'Still to come' }),
    fired: Type.Integer(),
    cancelled: Counts,
    expired: { ...Counts, description: 'past: over before it was told of, so that no reminder was set' },
  },
  { description: 'Counts, by reason where there is one' },
);

export const AuditBody = Type.Object(
  {
    changes: Type.Array(
      Type.Object({
        id: Type.Integer(),
        at: Type.String(),
        actor: Type.String({ description: 'Id of the API key' }),
        action: Type.String(),
        before: Type.Unsafe<unknown>({ description: 'The definition before; null for a new one' }),
        after: Type.Unsafe<unknown>({ description: 'The definition after' }),
      }),
    ),
  },
  { description: 'Changes, newest first' },
);
