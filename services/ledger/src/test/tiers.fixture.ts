import type { CalendarZone } from '../domain/calendar.ts';
import type { TierStructure } from '../domain/tiers/structure.ts';

export const tehran: CalendarZone = { calendar: 'persian', timeZone: 'Asia/Tehran' };
export const berlin: CalendarZone = { calendar: 'gregorian', timeZone: 'Europe/Berlin' };

/** Milliseconds since 1970 of an ISO 8601 instant. */
export const ms = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;
export const level = (id: string, threshold: number) => ({
  id,
  name: { en: id, fa: id },
  threshold,
  benefits: { rewards: [] },
});

/** Three levels by points of a solar Hijri year, unless said otherwise. */
export const structure = (changes: Partial<TierStructure> = {}): TierStructure => ({
  metric: { kind: 'points_earned' },
  window: { kind: 'calendar', period: 'year' },
  levels: [level('silver', 100), level('gold', 500), level('platinum', 2_000)],
  validity: { kind: 'windows', more: 1 },
  graceDays: 0,
  downgrade: 'one_level',
  atRiskDays: 30,
  ...changes,
});
