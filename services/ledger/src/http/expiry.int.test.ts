import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Expiry } from '../domain/expiry-policy.ts';
import type { Programme } from '../domain/programme.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

const { expiresAfterDays: _, ...BARE } = PROGRAMME;
const IRAN: Programme = { ...BARE, timeZone: 'Asia/Tehran', calendar: 'persian' };

let ledger: LedgerHarness;

beforeAll(async () => {
  // 11 Azar 1403.
  ledger = await startLedger(null, { now: '2024-12-01T08:30:00Z' });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const put = (programme: unknown) => ledger.call('PUT', '/v1/programme', programme);
let orders = 0;
/** When points expire that are won now. */
const expiryNow = async (programme: unknown): Promise<string | undefined> => {
  const answer = await put(programme);
  expect(answer.statusCode, answer.body).toBe(200);
  const customerId = `customer-${++orders}`;
  await ledger.send(purchase(customerId, `order-${orders}`, 1_000, { time: ledger.clock.now().toString() }));
  return (await ledger.balance(customerId)).nextExpiration?.at;
};

test.each<[string, Expiry, string]>([
  // 30 Esfand 1403, the leap day, and 31 Shahrivar 1404.
  ['year', { kind: 'rolling', amount: 1, unit: 'months', roundUpTo: 'year' }, '2025-03-20T20:29:59.999Z'],
  ['half', { kind: 'rolling', amount: 6, unit: 'months', roundUpTo: 'half' }, '2025-09-22T20:29:59.999Z'],
  ['days', { kind: 'rolling', amount: 30, unit: 'days' }, '2024-12-31T20:29:59.999Z'],
  ['date', { kind: 'dates', dates: [{ month: 12, day: 30 }] }, '2025-03-20T20:29:59.999Z'],
  [
    'sliding',
    { kind: 'sliding', amount: 1, unit: 'years', activities: ['purchase'], interactionTypes: [] },
    '2025-12-02T20:29:59.999Z',
  ],
])('points expire by the calendar of the programme: %s', async (_name, expiry, expected) => {
  expect(await expiryNow({ ...IRAN, expiry })).toBe(expected);
  expect((await ledger.call('GET', '/v1/programme')).json()).toMatchObject({ calendar: 'persian', expiry });
});

test('without anything said of it nothing expires; a number of days is short for rolling expiry', async () => {
  expect(await expiryNow(BARE)).toBeUndefined();
  expect(await expiryNow({ ...BARE, expiry: { kind: 'none' } })).toBeUndefined();
  expect(await expiryNow({ ...BARE, expiresAfterDays: 30 })).toBe('2024-12-31T22:59:59.999Z');
});

test('the clock of expiry starts at activation', async () => {
  const activation = { kind: 'after', amount: 14, unit: 'days', roundUpTo: 'day' };
  expect(
    await expiryNow({ ...IRAN, activation, expiry: { kind: 'rolling', amount: 1, unit: 'months' } }),
  ).toBeUndefined();
  const customerId = `customer-${orders}`;
  expect(await ledger.balance(customerId)).toMatchObject({
    pending: 10,
    nextActivation: { points: 10, at: '2024-12-15T20:30:00Z' },
  });
  ledger.clock.set('2024-12-15T20:30:00Z');
  await ledger.settle();
  // 26 Azar and a month: 26 Dey 1403.
  expect(await ledger.balance(customerId)).toMatchObject({
    active: 10,
    nextExpiration: { points: 10, at: '2025-01-15T20:29:59.999Z' },
  });
});

test('a programme as it was stored before there were policies is still read', async () => {
  const sql = ledger.sql('ledger');
  const old = { ...PROGRAMME, expiresAfterDays: 10 };
  await sql`insert into programme_version (version, definition, actor, created_at)
    select max(version) + 1, ${JSON.stringify(old)}::text::jsonb, 'then', now() from programme_version`;
  expect((await ledger.call('GET', '/v1/programme')).json()).toMatchObject({ expiresAfterDays: 10 });
  await ledger.send(purchase('old', 'old-1', 1_000, { time: ledger.clock.now().toString() }));
  expect((await ledger.balance('old')).nextExpiration).toEqual({ points: 10, at: '2024-12-25T22:59:59.999Z' });
});

test.each<[unknown, string]>([
  [{ expiry: { kind: 'dates', dates: [{ month: 7, day: 31 }] } }, '/expiry/dates/0/day'],
  [{ expiry: { kind: 'rolling', amount: 101, unit: 'years' } }, '/expiry/amount'],
  [{ expiry: { kind: 'none' }, expiresAfterDays: 10 }, '/expiresAfterDays'],
  [
    { expiry: { kind: 'sliding', amount: 1, unit: 'months', activities: [], interactionTypes: [] } },
    '/expiry/activities',
  ],
])('refused by field: %j', async (changes, path) => {
  const answer = await put({ ...IRAN, ...(changes as object) });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ code: 'ledger.invalid_programme', problems: [{ path }] });
});

test('a unit that there is not is refused, by field too', async () => {
  const answer = await put({ ...IRAN, expiry: { kind: 'rolling', amount: 1, unit: 'weeks' } });
  expect([answer.statusCode, answer.json().code]).toEqual([400, 'ledger.invalid_programme']);
  expect(answer.json().problems.map(({ path }: { path: string }) => path)).toContain('/expiry/unit');
});
