import { expect, it } from 'vitest';
import { judge, type Verdict } from './timer.ts';

const at = (text: string) => Temporal.Instant.from(text);
const DAY_MS = 86_400_000;
const DUE = '2026-11-21T08:00:00Z';

const table: [string, string, string | undefined, Verdict['kind'], string][] = [
  ['on time', DUE, undefined, 'fire', '2026-11-22T08:00:00Z'],
  ['late, to the last millisecond', '2026-11-22T08:00:00Z', undefined, 'fire', '2026-11-22T08:00:00Z'],
  ['a millisecond too late', '2026-11-22T08:00:00.001Z', undefined, 'expire', 'overdue'],
  ['with an end before the time to live', DUE, '2026-11-21T20:00:00Z', 'fire', '2026-11-21T20:00:00Z'],
  ['with an end after the time to live', DUE, '2026-12-21T20:00:00Z', 'fire', '2026-11-22T08:00:00Z'],
  ['at its end', '2026-11-21T20:00:00Z', '2026-11-21T20:00:00Z', 'expire', 'pointless'],
  ['long after both', '2027-01-01T00:00:00Z', '2026-11-21T20:00:00Z', 'expire', 'pointless'],
];

it.each(table)('%s', (_name, now, notAfter, kind, detail) => {
  const verdict = judge({ dueAt: at(DUE), notAfter: notAfter ? at(notAfter) : undefined }, DAY_MS, at(now));
  expect(verdict.kind).toBe(kind);
  expect(verdict.kind === 'fire' ? verdict.expiresAt.toString() : verdict.reason).toBe(detail);
});
