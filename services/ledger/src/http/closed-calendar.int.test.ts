import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Programme } from '../domain/programme.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { expectBooksToAgree, IRAN } from '../test/finance-books.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { closeFinanceDay } from '../use-cases/close-finance.ts';

let ledger: LedgerHarness;
const IN_IRAN: Programme = { ...PROGRAMME, ...IRAN };
const IN_BERLIN: Programme = { ...IN_IRAN, calendar: 'gregorian', timeZone: 'Europe/Berlin' };

beforeAll(async () => {
  // 30 Mehr 1405, 11:30 in Tehran: the next month of Iran begins on 23 October.
  ledger = await startLedger(null, { now: '2026-10-22T08:00:00Z' });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const put = (programme: Programme) => ledger.call('PUT', '/v1/programme', programme);
const closings = async (): Promise<number> => {
  const [row] = await ledger.sql('ledger')<{ days: number }[]>`select count(*) as days from finance_close`;
  return row?.days ?? 0;
};
const buy = (order: string) => ledger.publish([purchase('ann', order, 5_000, { time: ledger.clock.now().toString() })]);

test('no day is closed before there is a programme that says in which calendar', async () => {
  await ledger.call('POST', '/v1/customers/ann/adjustments', { points: 7, reason: 'welcome' });
  ledger.clock.advance('P1D');
  await ledger.settle();
  expect(await closings()).toBe(0);
});

test('until a day is closed the calendar may change; who closes by the one before closes nothing', async () => {
  expect((await put(IN_BERLIN)).statusCode).toBe(200);
  expect((await put(IN_IRAN)).statusCode).toBe(200);
  const berlin = { calendar: 'gregorian', timeZone: 'Europe/Berlin' } as const;
  const late = await ledger.sql('ledger').begin((tx) => closeFinanceDay(tx, ledger.clock.now(), berlin));
  expect([late, await closings()]).toEqual([0, 0]);
  await buy('ann-1');
  await ledger.settle();
  ledger.clock.advance('P1D');
  await ledger.settle();
  expect(await closings()).toBe(2);
});

test.each([
  ['/calendar', { calendar: 'gregorian' as const }],
  ['/timeZone', { timeZone: 'Europe/Berlin' }],
])('once a day is closed another one is refused, naming %s', async (path, change) => {
  const answer = await put({ ...IN_IRAN, ...change });
  expect(answer.statusCode).toBe(409);
  expect(answer.json()).toMatchObject({ code: 'ledger.calendar_is_closed', problems: [{ path }] });

  const draft = await ledger.call('POST', '/v1/programme/drafts', { programme: { ...IN_IRAN, ...change } });
  const activated = await ledger.call('POST', `/v1/programme/drafts/${draft.json().draftId}/activate`);
  expect(activated.statusCode).toBe(409);
  expect(activated.json()).toMatchObject({
    code: 'ledger.calendar_is_closed',
    problems: [{ path: `/programme${path}` }],
  });
});

test('the rest of the programme changes as before, and the books agree over the turn of the month', async () => {
  expect((await put({ ...IN_IRAN, name: 'Another', timeZone: 'Iran' })).statusCode).toBe(200);
  await buy('ann-2');
  await ledger.settle();
  ledger.clock.advance('P40D');
  await ledger.settle();
  await expectBooksToAgree(ledger, '1405-07', '1405-09');
});
