import { Topics } from '@vafa/contracts';
import { afterEach, expect, test } from 'vitest';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';
import { createCurrentRules } from './current-programme.ts';
import { mergeCustomers } from './merge-customers.ts';
import { recountTiers } from './recount-tiers.ts';

/** Points of a month; kept to the end of the next. */
const MONTHLY = structure({
  window: { kind: 'calendar', period: 'month' },
  levels: [level('silver', 100), level('gold', 500)],
  atRiskDays: 0,
});

let ledger: LedgerHarness;

afterEach(async () => {
  await ledger.verify();
  await ledger.stop();
});

const buy = async (customerId: string, totalMinor: number): Promise<void> => {
  const time = ledger.clock.now().toString();
  await ledger.send(purchase(customerId, `${customerId}-${time}`, totalMinor, { time }));
};
/** At once, so that no sweep comes by before. */
const merge = (customerId: string, intoCustomerId: string): Promise<void> =>
  ledger.sql('ledger').begin(async (tx) => {
    const now = ledger.clock.now();
    const command = { customerId, intoCustomerId, occurredAt: now.toString() };
    await mergeCustomers(tx, command, 'c0', now, {
      ...{ currentRules: createCurrentRules(), refunds: { lookBackPurchases: 50, openDays: 7 } },
    });
  });
const tierOf = async (customerId: string) => (await ledger.call('GET', `/v1/customers/${customerId}/tier`)).json();
const told = async (customerId: string) => {
  await ledger.settle();
  return (await ledger.events(Topics.points))
    .filter(({ type, subject }) => type === 'tier.changed' && subject === customerId)
    .map(({ data }) => (data as { to?: string }).to);
};

test.each([
  ['november', 'december'],
  ['december', 'november'],
])('of one tier the longer validity is kept, whoever lives on: %s goes into %s', async (from, into) => {
  ledger = await startLedger({ tiers: MONTHLY });
  await buy('november', 10_000);
  ledger.clock.set('2026-12-05T08:00:00Z');
  await buy('december', 10_000);
  await merge(from, into);
  // The end of January in Berlin.
  const expected = {
    tier: { id: 'silver' },
    since: '2026-11-21T08:00:00Z',
    validUntil: '2027-01-31T22:59:59.999Z',
  };
  expect(await tierOf(into)).toMatchObject(expected);
  expect(await told(into)).toEqual(['silver']);
});

test('what was to be lost before the merge is lost, though the sweep had not been by', async () => {
  ledger = await startLedger({ tiers: MONTHLY });
  await buy('old', 50_000);
  ledger.clock.set('2026-12-05T08:00:00Z');
  await buy('new', 44_000);
  await buy('old', 5_000);
  ledger.clock.set('2027-01-05T08:00:00Z');
  await merge('old', 'new');
  expect(await tierOf('new')).toMatchObject({ tier: { id: 'silver' }, validUntil: '2027-01-31T22:59:59.999Z' });
  expect(await told('old')).toEqual(['gold', 'silver']);
  expect(await told('new')).toEqual(['silver']);
});

test('what both did together in a window that is over counts as if they had been one in time', async () => {
  ledger = await startLedger({ tiers: MONTHLY });
  const [one, other] = ['one', 'other'];
  await buy(one, 20_000);
  await buy(other, 30_000);
  ledger.clock.set('2026-12-05T08:00:00Z');
  await merge(other, one);
  // November's gold, to the end of December.
  expect(await tierOf(one)).toMatchObject({ tier: { id: 'gold' }, validUntil: '2026-12-31T22:59:59.999Z' });
  expect(await told(one)).toEqual(['silver', 'gold']);
  // Too late for those of whom November's gold would be gone.
  await buy('third', 20_000);
  ledger.clock.set('2027-02-05T08:00:00Z');
  await merge('third', one);
  expect(await tierOf(one)).toMatchObject({ tier: null });
});

test('who is merged while everybody is counted anew, into one who has been counted, is counted with that one', async () => {
  ledger = await startLedger();
  await buy('first', 4_000);
  await buy('second', 7_000);
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, tiers: MONTHLY })).statusCode).toBe(200);
  ledger.clock.advance({ minutes: 5 });
  await ledger.sql('ledger').begin((tx) => recountTiers(tx, ledger.clock.now(), 1));
  await merge('second', 'first');
  expect(await tierOf('first')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: 110 } });
  expect(await told('first')).toEqual(['silver']);
  expect(await tierOf('first')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: 110 } });
});

test('a tier that goes to who lives on while the programme has none is told then: later it is nothing new', async () => {
  const put = (more: object) => ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...more });
  ledger = await startLedger({ tiers: MONTHLY });
  await buy('first', 12_000);
  await buy('second', 4_000);
  expect((await put({})).statusCode).toBe(200);
  await merge('first', 'second');
  expect(await told('second')).toEqual(['silver']);
  expect((await put({ tiers: MONTHLY })).statusCode).toBe(200);
  ledger.clock.advance({ minutes: 5 });
  expect(await told('second')).toEqual(['silver']);
  expect(await tierOf('second')).toMatchObject({ tier: { id: 'silver' } });
});
