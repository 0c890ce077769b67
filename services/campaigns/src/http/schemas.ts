import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { CAMPAIGN_PURPOSES, CHANNELS, CONDITION_OPS, TRIGGER_EVENTS } from '../domain/campaign.ts';

const strict = { additionalProperties: false } as const;
/** Without control characters: Postgres takes no NUL in text, and no name needs the others. */
const plainText = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\p{Cc}]*$' });

export const CampaignId = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,63}$',
  description: 'Chosen by you: small letters, digits, - and _',
});

const Status = fields.OneOf(['draft', 'active', 'paused', 'stopped'] as const);
const Message = Type.Object({ channel: fields.OneOf(CHANNELS), templateId: fields.Id }, strict);
const Value = Type.Union([plainText(1_000), Type.Number(), Type.Boolean()]);

const Condition = Type.Object(
  {
    field: Type.String({
      minLength: 1,
      maxLength: 100,
      description: "A plain field of the event's data, or attributes.NAME",
    }),
    op: fields.OneOf(CONDITION_OPS),
    value: Type.Union([Value, Type.Array(Value, { minItems: 1, maxItems: 100 })], {
      description: 'A list with op "in"',
    }),
  },
  strict,
);
const States = Type.Array(fields.LifecycleState, { minItems: 1, maxItems: 8 });

const Trigger = Type.Object(
  {
    kind: fields.OneOf(['event', 'lifecycle', 'scheduled'] as const),
    eventType: Type.Optional(fields.OneOf(TRIGGER_EVENTS, 'kind event: what sets it off')),
    interactionType: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'kind event with interaction.recorded: which interaction',
      }),
    ),
    conditions: Type.Optional(Type.Array(Condition, { maxItems: 10, description: 'kind event: all must hold' })),
    to: Type.Optional(
      Type.Array(fields.LifecycleState, { minItems: 1, maxItems: 8, description: 'kind lifecycle: states entered' }),
    ),
    from: Type.Optional(
      Type.Array(fields.LifecycleState, {
        minItems: 1,
        maxItems: 8,
        description: 'kind lifecycle: states left; any when absent',
      }),
    ),
    at: Type.Optional(Type.String({ maxLength: 40, description: 'kind scheduled: ISO 8601 instant with an offset' })),
    audience: Type.Optional(
      Type.Object({ lifecycle: States }, { ...strict, description: 'kind scheduled: who gets it' }),
    ),
  },
  strict,
);

const content = {
  name: plainText(200),
  purpose: fields.OneOf(CAMPAIGN_PURPOSES, 'Decides which consent, hours and caps apply'),
  messages: Type.Array(Message, {
    minItems: 1,
    maxItems: CHANNELS.length,
    description: 'One per channel, by templates of messaging',
  }),
  trigger: Trigger,
  frequency: Type.Optional(fields.OneOf(['once_per_customer', 'every_time'] as const, 'Default every_time')),
  timeToLive: Type.Optional(
    Type.String({ maxLength: 40, description: 'ISO 8601 duration; an older trigger sets off nothing. Default P1D' }),
  ),
};

export const CreateCampaign = Type.Object({ id: CampaignId, ...content }, strict);
export const ReplaceCampaign = Type.Object(
  {
    ...content,
    version: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The version you saw; refused when there is a newer one' }),
    ),
  },
  strict,
);

export const CampaignBody = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    status: Status,
    purpose: Type.String(),
    messages: Type.Array(Message),
    trigger: Type.Unsafe<object>({ type: 'object', additionalProperties: true, description: 'As given' }),
    frequency: Type.String(),
    timeToLive: Type.String(),
    version: Type.Integer(),
    createdAt: Type.String(),
    updatedAt: Type.String(),
  },
  { description: 'A campaign' },
);

export const CampaignPage = Type.Object(
  {
    campaigns: Type.Array(CampaignBody),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Give it as `after` for more' }),
  },
  { description: 'Campaigns by id' },
);
export const CampaignWithBroadcast = Type.Object(
  {
    ...CampaignBody.properties,
    broadcast: Type.Optional(
      Type.Object({
        status: Type.String({ description: 'waiting, running, done, expired or cancelled' }),
        dueAt: Type.String(),
        startedAt: Type.Union([Type.String(), Type.Null()]),
        finishedAt: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
  },
  { description: 'A campaign and, when it is scheduled, how far it is' },
);

const Counts = Type.Record(Type.String(), Type.Integer());
export const ResultsBody = Type.Object(
  {
    entered: Type.Integer({ description: 'Triggers that led to requests' }),
    requested: Type.Integer({ description: 'Messages asked for: one per channel of each entry' }),
    sent: Type.Integer(),
    delivered: Type.Integer(),
    failed: Type.Integer(),
    opened: Type.Integer(),
    clicked: Type.Integer(),
    unsubscribed: Type.Integer(),
    suppressed: Counts,
    skipped: Counts,
    expired: Type.Integer({ description: 'Triggers older than the time to live' }),
  },
  { description: 'Counts, by reason where there is one' },
);

const OutcomeBody = Type.Object({
  messageId: Type.String(),
  requestId: Type.String(),
  status: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
  channel: Type.String(),
  templateId: Type.String(),
  happenedAt: Type.String(),
});
export const StoryBody = Type.Object(
  {
    campaignId: Type.String(),
    customerId: Type.String(),
    lifecycle: Type.Union([Type.String(), Type.Null()]),
    explanation: Type.Object({ code: Type.String(), text: Type.String() }),
    tallies: Type.Array(
      Type.Object({ outcome: Type.String(), reason: Type.String(), count: Type.Integer(), lastAt: Type.String() }),
      { description: 'Triggers that have no entry of their own: older than the time to live by long, or repeats' },
    ),
    entries: Type.Array(
      Type.Object({
        triggerKey: Type.String(),
        status: Type.String(),
        reason: Type.Union([Type.String(), Type.Null()]),
        campaignVersion: Type.Integer(),
        triggeredAt: Type.String(),
        decidedAt: Type.String(),
        messages: Type.Array(OutcomeBody),
      }),
    ),
  },
  { description: "Why this customer did or didn't get it" },
);

export const AuditBody = Type.Object(
  {
    changes: Type.Array(
      Type.Object({
        id: Type.Integer(),
        at: Type.String(),
        actor: Type.String({ description: 'Id of the API key' }),
        action: Type.String(),
        before: Type.Unsafe<unknown>({ description: 'The campaign before; null for a new one' }),
        after: Type.Unsafe<unknown>({ description: 'The campaign after' }),
      }),
    ),
  },
  { description: 'Changes, newest first' },
);
