import { idFrom } from '@vafa/kernel';

/**
 * The id of a transfer: it follows from what is booked (kind and natural key), so that booking again finds itself, and
 * begins with the time (milliseconds, 48 bits, as in UUID version 7), so that the index grows at one end and a table cut
 * by id is cut by time. Times before 1970 count as 1970.
 */
export const entryId = (occurredAtMs: number, kind: string, ...naturalKey: readonly string[]): string => {
  const hash = idFrom('ledger', kind, ...naturalKey);
  const time = Math.max(0, Math.floor(occurredAtMs)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-${hash.slice(14)}`;
};

/** When what an entry books happened, milliseconds since 1970; see `entryId`. */
export const happenedAtMs = (entryId: string): number =>
  Number.parseInt(`${entryId.slice(0, 8)}${entryId.slice(9, 13)}`, 16);

/**
 * The time with which a transfer was booked. The database rounds a time to the microsecond, which may lift it into the next
 * millisecond; the id, made of the same time, tells.
 */
export const exactTimeMs = (id: string, keptMs: number): number =>
  keptMs - happenedAtMs(id) === 1 ? happenedAtMs(id) : keptMs;
