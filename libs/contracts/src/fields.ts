import { codes } from 'currency-codes';
import Type, { type TSchema } from 'typebox';

/** Ids of customers, orders and the like: whatever the shop uses, without blanks or control characters at the ends. */
const idText = (description: string) =>
  Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\s\\p{Cc}]([^\\p{Cc}]*[^\\s\\p{Cc}])?$', description });

export const CustomerId = idText("The shop's own id of the customer; the key of every record");
export const OrderId = idText("The shop's own id of the order, unique for ever");
export const Id = idText('An id, unique within its kind');
export const Sku = idText('Stock keeping unit');

/** The most that fits an exact integer in JSON (2^53 - 1) leaves room for sums of many orders below this limit. */
const MAX_AMOUNT = 1_000_000_000_000_000;

export const CURRENCIES: readonly string[] = codes();
export const Currency = Type.Unsafe<string>({
  type: 'string',
  enum: CURRENCIES,
  description: 'ISO 4217 code, e.g. IRR',
});
export const AmountMinor = Type.Integer({
  minimum: 0,
  maximum: MAX_AMOUNT,
  description: 'Integer minor units of the currency (rial for IRR, cent for EUR)',
});
export const PositiveMinor = Type.Integer({ ...AmountMinor, minimum: 1 });
export const Points = Type.Integer({ minimum: -MAX_AMOUNT, maximum: MAX_AMOUNT, description: 'Points, whole' });
export const PositivePoints = Type.Integer({ minimum: 1, maximum: MAX_AMOUNT, description: 'Points, whole' });

export const Label = Type.String({ minLength: 1, maxLength: 100 });
export const Reason = Type.String({ minLength: 1, maxLength: 500, description: 'Why, for people' });
/** ISO 8601 instant with an offset. */
export const Instant = Type.String({ format: 'date-time', maxLength: 40 });
export const DateOnly = Type.String({ format: 'date', description: 'Gregorian calendar date' });
export const Locale = Type.String({
  pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$',
  maxLength: 20,
  description: 'BCP 47, e.g. fa or en-GB',
});
export const TimeZone = Type.String({ minLength: 1, maxLength: 64, description: 'IANA zone, e.g. Asia/Tehran' });
export const Attributes = Type.Record(
  Type.String({ minLength: 1, maxLength: 64 }),
  Type.Union([Type.String({ maxLength: 1000 }), Type.Number(), Type.Boolean()]),
  { maxProperties: 50, description: "The shop's own fields" },
);

/** One of the named values, published as an enum. */
export const OneOf = <const Values extends readonly string[]>(values: Values, description?: string) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], ...(description ? { description } : {}) });

export const Channel = OneOf(['sms', 'email'] as const);
/** Why a message is sent; decides which consent, hours and caps apply. */
export const Purpose = OneOf(['otp', 'transactional', 'service', 'promotional'] as const);
/** The lifecycle states, exactly one per customer. */
export const LIFECYCLE_STATES = [
  'prospect',
  'new',
  'active',
  'loyal',
  'at_risk',
  'dormant',
  'churned',
  'won_back',
] as const;
export const LifecycleState = OneOf(LIFECYCLE_STATES);
export type LifecycleState = (typeof LIFECYCLE_STATES)[number];
/** A lifecycle state can be read as the segment of this id; `lifecycle.changed` tells of it, never `segment.entered`. */
export const LIFECYCLE_SEGMENT_PREFIX = 'lifecycle:';

/** Payloads may carry fields of newer minor versions: unknown ones are let through, never refused. */
export const payload = <Properties extends Record<string, TSchema>>(properties: Properties) => Type.Object(properties);
