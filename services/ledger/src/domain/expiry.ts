import { present } from '@vafa/kernel';
import type { Programme } from './programme.ts';

/** Instant at which points won at an instant expire, as milliseconds since 1970; null = never. */
export type ExpiryOf = (occurredAtMs: number) => number | null;

interface Day {
  startMs: number;
  endMs: number;
  expiresAtMs: number;
}

const HOUR_MS = 3_600_000;
/** Hours remembered; beyond that the memory starts anew. */
const MAX_HOURS = 20_000;

/**
 * Rolling expiry: the last millisecond of the day that is `expiresAfterDays` calendar days after the purchase's day, in the
 * programme's zone. Calendar arithmetic costs microseconds, so the answer is remembered per day, looked up by the hour.
 */
export const createExpiry = (programme: Pick<Programme, 'expiresAfterDays' | 'timeZone'> | undefined): ExpiryOf => {
  const days = programme?.expiresAfterDays ?? null;
  if (days === null) return () => null;
  const { timeZone } = present(programme, 'programme');
  const known = new Map<number, Day[]>();

  const dayOf = (occurredAtMs: number): Day => {
    const date = Temporal.Instant.fromEpochMilliseconds(occurredAtMs).toZonedDateTimeISO(timeZone).toPlainDate();
    const startOf = (offset: number): number => date.add({ days: offset }).toZonedDateTime(timeZone).epochMilliseconds;
    return { startMs: startOf(0), endMs: startOf(1), expiresAtMs: startOf(days + 1) - 1 };
  };

  return (occurredAtMs) => {
    const hour = Math.floor(occurredAtMs / HOUR_MS);
    const candidates = known.get(hour) ?? [];
    const found = candidates.find(({ startMs, endMs }) => startMs <= occurredAtMs && occurredAtMs < endMs);
    if (found) return found.expiresAtMs;
    const day = dayOf(occurredAtMs);
    if (known.size >= MAX_HOURS) known.clear();
    known.set(hour, [...candidates, day]);
    return day.expiresAtMs;
  };
};
