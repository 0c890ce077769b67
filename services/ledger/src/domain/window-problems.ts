import type { FieldProblem } from '@vafa/kernel';

export const UNREADABLE_INSTANT =
  'must be an ISO 8601 instant with minutes in its offset and no leap second, e.g. 2026-11-21T11:30:00+03:30';

/**
 * Can we read it? The format lets offsets without minutes and leap seconds pass, of which `Date.parse` makes nothing: a bound that
 * is before nothing and after nothing would never hold.
 */
export const isReadableInstant = (text: string): boolean => !Number.isNaN(Date.parse(text));

/** What is wrong with the time from which and up to which something holds; a bound that is null or not given is none. */
export const windowProblems = (
  { startsAt, endsAt }: { startsAt?: string | null; endsAt?: string | null },
  path: string,
): FieldProblem[] => {
  const bounds = { startsAt: startsAt ?? null, endsAt: endsAt ?? null };
  const unreadable = Object.entries(bounds).filter(([, text]) => text !== null && !isReadableInstant(text));
  if (unreadable.length > 0)
    return unreadable.map(([name]) => ({ path: `${path}/${name}`, message: UNREADABLE_INSTANT }));
  return bounds.startsAt !== null && bounds.endsAt !== null && Date.parse(bounds.endsAt) <= Date.parse(bounds.startsAt)
    ? [{ path: `${path}/endsAt`, message: 'must be after startsAt' }]
    : [];
};
