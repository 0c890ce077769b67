import { fields } from '@vafa/contracts';
import type { requestHash } from '@vafa/platform';
import Type from 'typebox';
import { STATES } from '../domain/message-state.ts';
import { CHANNELS, PURPOSES } from '../domain/purposes.ts';
import { instantOf, instantOrNull } from '../store/instants.ts';
import type { Change } from '../use-cases/change-template.ts';

/** Pieces of schemas and answers that several routes share. */
export const ChannelField = fields.OneOf(CHANNELS, 'sms or email');
export const PurposeField = fields.OneOf(PURPOSES, 'otp and transactional need no consent; service and promotional do');
export const StateField = fields.OneOf(STATES);
export const NullableText = Type.Union([Type.String(), Type.Null()]);
export const NullableInteger = Type.Union([Type.Integer(), Type.Null()]);
export const TemplateId = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,99}$',
  description: 'Chosen by you: small letters, digits, . - and _',
});
export const MessageIdParams = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });

/** Text that Postgres can keep. */
export const textWithin = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$', description });

/** An instant of the database as answers show it. */
export const isoOf = (text: string): string => instantOf(text).toString();
export const isoOrNull = (text: string | null): string | null => instantOrNull(text)?.toString() ?? null;

/** Who changes something, and when, for the audit. */
export const changeBy = (
  request: Pick<Parameters<typeof requestHash>[0], 'apiKey'>,
  now: Temporal.Instant,
): Change => ({
  actor: request.apiKey?.id ?? 'unknown',
  now,
});
