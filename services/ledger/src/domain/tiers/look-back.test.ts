import { expect, test } from 'vitest';
import { berlin, ms, structure } from '../../test/tiers.fixture.ts';
import { daysNeededFrom, look } from './look.ts';
import { toldBefore } from './look-back.ts';
import type { TierState } from './state.ts';
import type { TierStructure } from './structure.ts';

const QUARTERLY = { window: { kind: 'calendar', period: 'quarter' } } as const;
const APRIL = '2026-04-05T10:00:00Z';

/** The tier, until when it is valid and until when grace runs, as dates, after all of this was told at once. */
const toldAt = (changes: Partial<TierStructure>, list: [string, number][], at = APRIL, state?: TierState) => {
  const days = list.map(([day, amount]) => ({ day, amount }));
  const told = list.map(([day]) => day);
  const looked = look({ structure: structure(changes), zone: berlin, days }, state, ms(at), told);
  const dateOf = (atMs: number | null | undefined) =>
    atMs == null ? null : Temporal.Instant.fromEpochMilliseconds(atMs).toString().slice(0, 10);
  return [looked?.tier ?? null, dateOf(looked?.validUntilMs), dateOf(looked?.graceUntilMs)];
};

test.each<[string, Partial<TierStructure>, [string, number][], ReturnType<typeof toldAt>]>([
  ['the quarter before', QUARTERLY, [['2026-03-10', 1_000]], ['gold', '2026-06-30', null]],
  [
    'what was never within one quarter',
    QUARTERLY,
    [
      ['2025-12-31', 60],
      ['2026-01-01', 60],
    ],
    [null, null, null],
  ],
  ['what is over by a day', QUARTERLY, [['2025-12-31', 1_000]], [null, null, null]],
  [
    'what is in its grace',
    { ...QUARTERLY, graceDays: 5 },
    [['2025-12-31', 1_000]],
    ['gold', '2026-03-31', '2026-04-05'],
  ],
  [
    'the best that still runs, not the best',
    { ...QUARTERLY, validity: { kind: 'windows', more: 2 } },
    [
      ['2025-09-30', 2_000],
      ['2025-12-31', 500],
      ['2026-03-31', 100],
    ],
    ['gold', '2026-06-30', null],
  ],
  // Reached on 10 January 2025, kept in July, and over on 10 January 2026: the new year holds nothing.
  [
    'months from the day that reached it, over',
    { validity: { kind: 'months', amount: 6 } },
    [
      ['2025-01-10', 100],
      ['2025-12-20', 50],
    ],
    [null, null, null],
  ],
  [
    'months from the day that reached it, kept within the window',
    { validity: { kind: 'months', amount: 4 } },
    [
      ['2025-01-10', 60],
      ['2025-04-20', 60],
    ],
    ['silver', '2026-04-20', null],
  ],
  ['a tier that is never lost', { ...QUARTERLY, downgrade: 'none' }, [['2019-03-10', 1_000]], ['gold', null, null]],
  [
    'a level that is never fallen below',
    { ...QUARTERLY, neverBelow: 'silver' },
    [['2019-03-10', 1_000]],
    ['silver', null, null],
  ],
])('of what is told late counts: %s', (_, changes, list, expected) => {
  expect(toldAt(changes, list)).toEqual(expected);
});

test('what was lost stays lost, unless something is told of the window that would have kept it', () => {
  const lost: TierState = {
    ...{ tier: null, sinceMs: ms('2026-03-31T22:00:00Z') },
    ...{ validUntilMs: null, graceUntilMs: null },
  };
  const of = { ...QUARTERLY, validity: { kind: 'windows', more: 2 } } as const;
  const qualification = {
    structure: structure(of),
    zone: berlin,
    days: [
      { day: '2025-12-10', amount: 100 },
      { day: '2026-03-10', amount: 20 },
    ],
  };
  // That of December was renewed by nothing.
  expect(look(qualification, lost, ms(APRIL), ['2026-03-10'])?.tier).toBeNull();
  expect(toldAt(of, [['2026-03-10', 100]], APRIL, lost)).toEqual(['silver', '2026-09-30', null]);
});

test('nothing is asked, or loaded, of what can give nothing', () => {
  const terms = { structure: structure(QUARTERLY), zone: berlin };
  const today = Temporal.PlainDate.from('2026-04-05');
  expect(toldBefore(terms, ['2025-12-31', '2026-01-01', '2026-03-31', '2026-04-01'], today)).toEqual([
    '2026-01-01',
    '2026-03-31',
  ]);
  const from = (told: string[] | 'all') => daysNeededFrom(terms, undefined, ms(APRIL), told);
  expect([from([]), from(['2025-12-31']), from(['2026-03-31']), from('all')]).toEqual([
    '2026-04-01',
    '2026-04-01',
    '2026-01-01',
    '2026-01-01',
  ]);
  const whileEarned = structure({ window: { kind: 'rolling', months: 3 }, validity: { kind: 'while_earned' } });
  expect(toldBefore({ structure: whileEarned, zone: berlin }, ['2026-04-04'], today)).toEqual([]);
});
