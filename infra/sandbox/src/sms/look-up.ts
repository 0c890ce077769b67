import type { MessageBook, SmsRecord } from './message-book.ts';
import { isInt64, type Parameters, readCsv } from './parameters.ts';
import { granted, messageStatusTexts, type Outcome, refused } from './status-codes.ts';

const idLimit = 500;
const hourMs = 3_600_000;
/** Message ids answer for 48 hours, localids for 12 only. Older ones look like unknown ones: 100. */
const messageIdWindowMs = 48 * hourMs;
const localIdWindowMs = 12 * hourMs;

const readIds = (text: string | undefined): string[] | Outcome => {
  const ids = readCsv(text);
  if (ids.length === 0) return refused(406);
  if (ids.length > idLimit) return refused(414);
  return ids.every(isInt64) ? ids : refused(400);
};

const stateOf = (book: MessageBook, record: SmsRecord | undefined) => {
  const status = record === undefined ? 100 : book.statusOf(record);
  return { status, statustext: messageStatusTexts[status] };
};

const within = (record: SmsRecord | undefined, windowMs: number, nowMs: number): SmsRecord | undefined =>
  record !== undefined && nowMs - record.acceptedAtMs <= windowMs ? record : undefined;

/** `sms/status`: how far the messages of these ids are. */
export const lookUpByMessageId = (book: MessageBook, parameters: Parameters, nowMs: number): Outcome => {
  const ids = readIds(parameters.get('messageid'));
  if (!Array.isArray(ids)) return ids;
  return granted(
    ids.map((id) => {
      const record = within(book.byMessageId(Number(id)), messageIdWindowMs, nowMs);
      return { messageid: Number(id), ...stateOf(book, record) };
    }),
  );
};

/** `sms/statuslocalmessageid`: what became of the messages that the caller numbered itself. */
export const lookUpByLocalId = (book: MessageBook, parameters: Parameters, nowMs: number): Outcome => {
  const ids = readIds(parameters.get('localid'));
  if (!Array.isArray(ids)) return ids;
  return granted(
    ids.map((id) => {
      const record = within(book.byLocalId(id), localIdWindowMs, nowMs);
      // As text: a localid may be larger than a JSON number can say exactly.
      return { messageid: record?.messageId ?? 0, localid: id, ...stateOf(book, record) };
    }),
  );
};
