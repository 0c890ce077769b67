import { idFrom } from '@vafa/kernel';
import type { EventKind, SourceEvent } from './source-event.ts';
import { skipLines, type Tally } from './tally.ts';
import { textLines } from './text-lines.ts';

/** The types of our own catalogue, and short words for those who write files by hand. */
const KINDS: Readonly<Record<string, EventKind>> = {
  'purchase.completed': 'purchases',
  purchase: 'purchases',
  'purchase.refunded': 'refunds',
  refund: 'refunds',
  'interaction.recorded': 'interactions',
  interaction: 'interactions',
  'customer.updated': 'customers',
  customer: 'customers',
  'customer.consent_changed': 'consents',
  'customer.merged': 'merges',
  'customer.erased': 'erasures',
};

type Fields = Record<string, unknown>;

/** Vafa's own format: one JSON object per line, `{type, data, occurredAt, eventId?}`. */
export async function* readVafa(blocks: AsyncIterable<string>, tally: Tally): AsyncGenerator<SourceEvent> {
  for await (const { text, line } of textLines(blocks)) {
    tally.read += 1;
    const read = readLine(text, line);
    if (typeof read === 'string') skipLines(tally, read, line);
    else yield read;
  }
}

/** The event of a line, or the reason why it is none. */
const readLine = (text: string, line: number): SourceEvent | string => {
  if (text.trim() === '') return 'empty_line';
  const parsed = parse(text);
  if (!isFields(parsed) || !isFields(parsed.data)) return parsed === undefined ? 'malformed_json' : 'not_an_event';
  const {
    type,
    data,
    occurredAt: time,
    eventId,
  } = parsed as { type: unknown; data: Fields; occurredAt: unknown; eventId: unknown };
  const kind = KINDS[String(type)];
  if (!kind) return 'unknown_type';
  const { customerId } = data;
  if (typeof customerId !== 'string' || customerId === '') return 'no_customer';
  const occurredAt = readInstant(time);
  if (occurredAt === 'invalid') return 'invalid_date';
  const id = eventId ?? defaultEventId(kind, text, line);
  const item = { ...itemOf(kind, data), ...(id === undefined ? {} : { eventId: id }) };
  return { kind, customerId, occurredAt, item, lines: 1, firstLine: line };
};

/** Purchases and refunds get theirs from the gateway, by order and refund; others by their place in the file. */
const defaultEventId = (kind: EventKind, text: string, line: number): string | undefined =>
  kind === 'purchases' || kind === 'refunds' ? undefined : idFrom('replay', 'vafa', String(line), text);

/** The body each route wants: those of one customer have the customer in their path. */
const itemOf = (kind: EventKind, data: Fields): Fields => {
  if (kind === 'purchases' || kind === 'refunds' || kind === 'interactions') return data;
  const { customerId: _inPath, ...rest } = data;
  if (kind === 'merges') return { into: rest.intoCustomerId ?? rest.into };
  if (kind !== 'consents') return rest;
  const { consentSource, ...consent } = rest;
  return { consents: [{ ...consent, ...(consentSource === undefined ? {} : { source: consentSource }) }] };
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const readInstant = (time: unknown): Temporal.Instant | 'invalid' | undefined => {
  if (time === undefined || time === null) return undefined;
  try {
    return typeof time === 'string' ? Temporal.Instant.from(time) : 'invalid';
  } catch (error) {
    if (error instanceof RangeError) return 'invalid';
    throw error;
  }
};
