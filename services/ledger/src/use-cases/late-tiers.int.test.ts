import { afterEach, expect, test } from 'vitest';
import type { TierStructure } from '../domain/tiers/structure.ts';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';

/** Points of a quarter; kept to the end of the next. */
const QUARTERLY = structure({
  window: { kind: 'calendar', period: 'quarter' },
  levels: [level('silver', 100), level('gold', 5_000)],
  atRiskDays: 0,
});

let ledger: LedgerHarness;

afterEach(async () => {
  await ledger.verify();
  await ledger.stop();
});

const start = async (now: string, tiers?: TierStructure): Promise<void> => {
  ledger = await startLedger(tiers ? { tiers } : {});
  ledger.clock.set(now);
  await ledger.settle();
};
/** Gives the programme these tiers, and waits until everybody is counted by them. */
const introduce = async (tiers: TierStructure): Promise<void> => {
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, tiers });
  expect(answer.statusCode, answer.body).toBe(200);
  ledger.clock.advance('PT1M');
  await ledger.settle();
};
const tierOf = async (customerId: string) => {
  const { tier, validUntil } = (await ledger.call('GET', `/v1/customers/${customerId}/tier`)).json();
  return [tier?.id ?? null, validUntil];
};
/** The last millisecond of a day of Berlin's summer. */
const endOf = (day: string): string => `${day}T21:59:59.999Z`;

const APRIL = '2027-04-05T08:00:00Z';
const MARCH = { time: '2027-03-10T09:00:00Z' };

test('tiers that are introduced begin with the quarter before, whose tier still runs', async () => {
  await start(APRIL);
  await ledger.send(
    purchase('ann', 'ann-1', 100_000, MARCH),
    purchase('ben', 'ben-1', 100_000, { time: '2026-12-31T22:59:59Z' }),
  );
  await introduce(QUARTERLY);
  expect(await tierOf('ann')).toEqual(['silver', endOf('2027-06-30')]);
  // What the last quarter of 2026 gave ended with March.
  expect(await tierOf('ben')).toEqual([null, null]);
});

test('an order that is told in the next quarter gives what it would have given in time, which is lost in its time', async () => {
  await start('2027-03-10T09:00:00Z', QUARTERLY);
  await ledger.send(purchase('in-time', 'in-time-1', 100_000, MARCH));
  ledger.clock.set(APRIL);
  await ledger.send(purchase('late', 'late-1', 100_000, MARCH), purchase('later', 'later-1', 9_900, MARCH));
  const expected = ['silver', endOf('2027-06-30')];
  expect([await tierOf('in-time'), await tierOf('late'), await tierOf('later')]).toEqual([
    expected,
    expected,
    [null, null],
  ]);
  // The rest of what was lacking in March, and then all that gold takes.
  await ledger.send(purchase('later', 'later-2', 100, MARCH));
  await ledger.send(purchase('late', 'late-2', 400_000, MARCH));
  expect([await tierOf('later'), await tierOf('late')]).toEqual([expected, ['gold', endOf('2027-06-30')]]);
  // A tier that is had is kept as long as it is valid.
  await ledger.send(refund('late', 'late-r', { scope: 'whole', orderId: 'late-2', time: APRIL }));
  expect(await tierOf('late')).toEqual(['gold', endOf('2027-06-30')]);
  ledger.clock.set('2027-06-30T22:00:00Z');
  await ledger.settle();
  expect([await tierOf('in-time'), await tierOf('later')]).toEqual([
    [null, null],
    [null, null],
  ]);
});

test('a year of history that is imported at the new year gives the tiers of that year', async () => {
  const yearly: TierStructure = { ...QUARTERLY, window: { kind: 'calendar', period: 'year' } };
  await start('2027-01-02T08:00:00Z', yearly);
  const months = Array.from({ length: 12 }, (_, i) => String(i + 1).padStart(2, '0'));
  const orders = months.map((month) => purchase('ann', `ann-${month}`, 900, { time: `2026-${month}-15T09:00:00Z` }));
  await ledger.send(...orders.slice(0, 5));
  await ledger.send(...orders.slice(5));
  expect(await tierOf('ann')).toEqual(['silver', '2027-12-31T22:59:59.999Z']);
});

test('a day that the rolling window no more holds gives a tier so long as its validity runs', async () => {
  const rolling: TierStructure = {
    ...QUARTERLY,
    window: { kind: 'rolling', months: 1 },
    validity: { kind: 'months', amount: 3 },
  };
  await start(APRIL, rolling);
  await ledger.send(
    ...[
      purchase('ann', 'ann-1', 5_000, { time: '2027-02-20T09:00:00Z' }),
      purchase('ann', 'ann-2', 5_000, { time: '2027-03-01T09:00:00Z' }),
    ],
    // Never within one month.
    ...[
      purchase('ben', 'ben-1', 5_000, { time: '2027-01-20T09:00:00Z' }),
      purchase('ben', 'ben-2', 5_000, { time: '2027-03-01T09:00:00Z' }),
    ],
  );
  expect(await tierOf('ann')).toEqual(['silver', endOf('2027-06-01')]);
  expect(await tierOf('ben')).toEqual([null, null]);
});

test('a tier that is never lost is had by who ever reached it', async () => {
  await start(APRIL);
  await ledger.send(
    purchase('ann', 'ann-1', 600_000, { time: '2019-05-01T09:00:00Z' }),
    purchase('ann', 'ann-2', 10_000, MARCH),
  );
  await introduce({ ...QUARTERLY, downgrade: 'none' });
  await ledger.send(purchase('ben', 'ben-1', 600_000, { time: '2019-05-01T09:00:00Z' }));
  expect([await tierOf('ann'), await tierOf('ben')]).toEqual([
    ['gold', null],
    ['gold', null],
  ]);
});
