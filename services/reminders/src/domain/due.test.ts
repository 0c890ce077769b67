import { describe, expect, it } from 'vitest';
import { dueAfterDays, dueBefore, instantOfLocal, isTimeZone } from './due.ts';

const at = (text: string) => Temporal.Instant.from(text);

describe('dueAfterDays', () => {
  const table: [string, string, number, string | undefined, string, string][] = [
    ['the same wall-clock time', '2026-11-21T08:00:00Z', 30, undefined, 'Asia/Tehran', '2026-12-21T08:00:00Z'],
    [
      'the same wall-clock time over a clock change',
      '2026-03-20T11:00:00Z',
      10,
      undefined,
      'Europe/Berlin',
      '2026-03-30T10:00:00Z',
    ],
    ['a time of day in Tehran', '2026-11-21T08:00:00Z', 30, '10:00', 'Asia/Tehran', '2026-12-21T06:30:00Z'],
    [
      'the calendar day of the customer, not of UTC',
      '2026-11-21T22:00:00Z',
      1,
      '10:00',
      'Asia/Tehran',
      '2026-11-23T06:30:00Z',
    ],
    [
      'a time before and after a clock change',
      '2026-03-01T12:00:00Z',
      30,
      '10:00',
      'Europe/Berlin',
      '2026-03-31T08:00:00Z',
    ],
    ['a time that the clocks skip', '2026-03-01T12:00:00Z', 28, '02:30', 'Europe/Berlin', '2026-03-29T01:30:00Z'],
    [
      'the first of a time that comes twice',
      '2026-10-01T12:00:00Z',
      24,
      '02:30',
      'Europe/Berlin',
      '2026-10-25T00:30:00Z',
    ],
    ['a skipped time in New York', '2026-03-01T12:00:00Z', 7, '02:30', 'America/New_York', '2026-03-08T07:30:00Z'],
    [
      'a zone whose midnight is skipped',
      '2026-09-01T12:00:00Z',
      5,
      '00:00',
      'America/Santiago',
      '2026-09-06T04:00:00Z',
    ],
    ['a leap day', '2028-01-30T08:00:00Z', 30, '08:00', 'UTC', '2028-02-29T08:00:00Z'],
  ];
  it.each(table)('takes %s', (_name, from, days, timeOfDay, zone, expected) => {
    expect(dueAfterDays(at(from), days, timeOfDay, zone).dueAt.toString()).toBe(expected);
  });

  it('keeps the wall-clock time only where it is what counts', () => {
    expect(dueAfterDays(at('2026-11-21T08:00:00Z'), 1, undefined, 'Asia/Tehran').localDue).toBeUndefined();
    const { localDue, dueAt } = dueAfterDays(at('2026-11-21T08:00:00Z'), 1, '10:00', 'Asia/Tehran');
    expect(localDue).toBe('2026-11-22T10:00:00');
    expect(instantOfLocal(localDue as string, 'Asia/Tehran').equals(dueAt)).toBe(true);
    expect(instantOfLocal(localDue as string, 'Europe/Berlin').toString()).toBe('2026-11-22T09:00:00Z');
  });
});

describe('dueBefore', () => {
  const table: [string, string, string, string | undefined, string][] = [
    [
      'at once without a time of day',
      '2026-11-21T08:00:00Z',
      '2026-11-28T00:00:00Z',
      undefined,
      '2026-11-21T08:00:00Z',
    ],
    ['later today', '2026-11-21T05:00:00Z', '2026-11-28T00:00:00Z', '10:00', '2026-11-21T06:30:00Z'],
    ['now, to the second', '2026-11-21T06:30:00Z', '2026-11-28T00:00:00Z', '10:00', '2026-11-21T06:30:00Z'],
    ['tomorrow', '2026-11-21T08:00:00Z', '2026-11-28T00:00:00Z', '10:00', '2026-11-22T06:30:00Z'],
    [
      'at once when the time of day is too late',
      '2026-11-21T08:00:00Z',
      '2026-11-22T06:30:00Z',
      '10:00',
      '2026-11-21T08:00:00Z',
    ],
  ];
  it.each(table)('is %s', (_name, from, end, timeOfDay, expected) => {
    expect(dueBefore(at(from), at(end), timeOfDay, 'Asia/Tehran').dueAt.toString()).toBe(expected);
  });
});

it.each([
  ['Asia/Tehran', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['', false],
])('%s is a time zone: %s', (name, known) => {
  expect(isTimeZone(name)).toBe(known);
});
