import { CustomerMerged, CustomerUpdated, event } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EarningRule } from '../domain/rules/rule.ts';
import { enter, envelope, RULES, ruleDeeds } from '../test/club-rules.fixture.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { birthdayKey } from '../use-cases/birthdays-had.ts';
import { awardKey } from '../use-cases/give-awards.ts';

let ledger: LedgerHarness;
const { send, statement, earned } = ruleDeeds(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({ rules: RULES });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('a birthday earns once a year, when it begins', async () => {
  const known = (birthDate: string) =>
    event(CustomerUpdated, envelope(), { customerId: 'jan', birthDate, attributes: { city: 'yazd' } });
  await send(known('1990-11-22'));
  expect(await earned('jan')).toEqual([]);
  ledger.clock.set('2026-11-21T23:00:00Z');
  await ledger.settle();
  await ledger.settle();
  expect(await statement('jan')).toMatchObject([
    { points: 20, ruleId: 'birthday', occurredAt: '2026-11-21T23:00:00Z' },
  ]);
  // The date was wrong by a day: this year's has been given.
  await send(known('1990-11-23'));
  ledger.clock.set('2026-11-23T08:00:00Z');
  await ledger.settle();
  expect(await statement('jan')).toHaveLength(1);
  ledger.clock.set('2027-11-24T08:00:00Z');
  await ledger.settle();
  expect(await statement('jan')).toHaveLength(2);
});

const born = (customerId: string, birthDate: string, size: string) =>
  event(CustomerUpdated, envelope(), { customerId, birthDate, attributes: { size } });

test('what is told of customers on their birthday, before they have had it, takes it from nobody', async () => {
  ledger.clock.set('2027-12-09T08:00:00Z');
  const names = Array.from({ length: 60 }, (_, i) => `birthday-${i}`);
  await send(...names.map((name) => born(name, '1990-12-10', 's')));
  ledger.clock.set('2027-12-09T23:00:00Z');
  await send(...names.map((name) => born(name, '1990-12-10', 'm')));
  await ledger.settle();
  for (const name of names) expect(await statement(name)).toMatchObject([{ points: 20, ruleId: 'birthday' }]);
});

test('who is first known on the birthday, or within a week of it, has it too, once however often it is told', async () => {
  ledger.clock.set('2028-01-10T12:00:00Z');
  const told = [born('today', '1990-01-10', 's'), born('week', '1990-01-04', 's'), born('late', '1990-01-03', 's')];
  await send(...told);
  await ledger.settle();
  for (const size of ['m', 'l']) {
    await send(...told.map(({ data }) => born(data.customerId, data.birthDate ?? '', size)));
    await ledger.settle();
  }
  const given = await Promise.all(['today', 'week', 'late'].map(statement));
  expect(given.map((rows) => rows.length)).toEqual([1, 1, 0]);
});

test('a birthday whose date moves over the turn of the year is given once', async () => {
  ledger.clock.set('2028-12-31T12:00:00Z');
  await send(born('eve', '1990-12-31', 's'), born('new-year', '1990-12-30', 's'));
  await ledger.settle();
  ledger.clock.set('2029-01-02T12:00:00Z');
  await send(born('eve', '1990-01-02', 's'), born('new-year', '1990-01-01', 's'));
  await ledger.settle();
  for (const name of ['eve', 'new-year']) expect(await statement(name)).toHaveLength(1);
  ledger.clock.set('2030-01-02T12:00:00Z');
  await ledger.settle();
  for (const name of ['eve', 'new-year']) expect(await statement(name)).toHaveLength(2);
});

test('a birthday that somebody had is not given again to the one who lives on', async () => {
  ledger.clock.set('2030-03-10T12:00:00Z');
  const known = event(CustomerUpdated, envelope(), { customerId: 'unknown', attributes: { size: 's' } });
  await send(born('had-it', '1990-03-10', 's'), known);
  await ledger.settle();
  await send(event(CustomerMerged, envelope(), { customerId: 'had-it', intoCustomerId: 'unknown' }));
  await send(born('unknown', '1990-03-10', 's'));
  await ledger.settle();
  const earned = (await Promise.all(['had-it', 'unknown'].map(statement))).flat().filter(({ kind }) => kind === 'earn');
  expect(earned).toHaveLength(1);
  // Nor is one taken for given that was not.
  const taken = await ledger.sql('ledger')`select 1 from rule_award where transfer_id not in (select id from transfer)
    and key = ${awardKey(birthdayKey('birthday', 'unknown', 2030))}`;
  expect(taken).toEqual([]);
  ledger.clock.set('2031-03-10T12:00:00Z');
  await ledger.settle();
  expect((await statement('unknown')).filter(({ kind }) => kind === 'earn')).toHaveLength(1);
});

test('what is told of a customer after it was merged is not known, and brings the one who lives on no second birthday', async () => {
  ledger.clock.set('2031-05-09T12:00:00Z');
  await send(born('lives-on', '1990-05-10', 's'));
  await send(event(CustomerMerged, envelope(), { customerId: 'gone-in', intoCustomerId: 'lives-on' }));
  await send(born('gone-in', '1990-12-10', 'm'));
  expect(
    await ledger.sql(
      'ledger',
    )`select customer_id as of, attributes from customer_profile where customer_id ~ '^(gone|lives)'`,
  ).toEqual([{ of: 'lives-on', attributes: { size: 's' } }]);
  for (const day of ['2031-05-10T12:00:00Z', '2031-12-10T12:00:00Z']) {
    ledger.clock.set(day);
    await ledger.settle();
  }
  expect(await statement('lives-on')).toMatchObject([{ ruleId: 'birthday', points: 20 }]);
});

test('what was said of a customer stays known of the one who lives on, if no more than segments are known of that one', async () => {
  ledger.clock.set('2032-05-09T12:00:00Z');
  const said = (customerId: string, city: string) =>
    event(CustomerUpdated, envelope(), { customerId, birthDate: '1990-05-10', attributes: { city } });
  await send(said('told', 'yazd'), said('told-too', 'yazd'), said('other', 'tehran'), enter('only-segments', 'b'));
  await send(
    event(CustomerMerged, envelope(), { customerId: 'told', intoCustomerId: 'only-segments' }),
    event(CustomerMerged, envelope(), { customerId: 'told-too', intoCustomerId: 'other' }),
  );
  ledger.clock.set('2032-05-10T12:00:00Z');
  const time = ledger.clock.now().toString();
  await send(
    purchase('only-segments', 'only-segments-1', 1_000, { time }),
    purchase('other', 'other-1', 1_000, { time }),
  );
  expect((await earned('only-segments')).map(([, , text]) => text).toSorted()).toEqual([
    '20 = 20 birthday',
    '30 = 10 base × 3 yazd',
  ]);
  expect((await earned('other')).map(([, , text]) => text).toSorted()).toEqual(['10 = 10 base', '20 = 20 birthday']);
});

test('of a birthday that was had, only what a rule gives that is new is given when another date is told', async () => {
  ledger.clock.set('2033-03-10T12:00:00Z');
  await send(born('ola', '1990-03-10', 's'));
  const more: EarningRule = {
    ...{ id: 'cake', name: 'A cake', order: 2, trigger: { on: 'birthday' }, effect: { kind: 'fixed', points: 5 } },
    expiry: { kind: 'rolling', amount: 5, unit: 'days' },
  };
  const put = (rules: readonly EarningRule[]) => ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules });
  expect((await put([...RULES, more])).statusCode).toBe(200);
  await send(born('ola', '1990-03-09', 's'));
  expect((await earned('ola')).map(([ruleId, points]) => [ruleId, points])).toEqual([
    ['birthday', 20],
    ['cake', 5],
  ]);
  // By the rule's own words, and for as long as it says.
  expect((await statement('ola')).at(-1)).toMatchObject({ reason: 'A cake' });
  expect(await ledger.balance('ola')).toMatchObject({ nextExpiration: { points: 5, at: '2033-03-14T22:59:59.999Z' } });
  expect((await put(RULES)).statusCode).toBe(200);
});

test('a birthday of a week ago is let go when nothing was done for so long; the next one is given', async () => {
  ledger.clock.set('2033-06-01T12:00:00Z');
  await send(born('rip', '1990-06-10', 's'));
  ledger.clock.set('2033-06-17T12:00:00Z');
  await ledger.settle();
  expect(await statement('rip')).toEqual([]);
  ledger.clock.set('2034-06-10T12:00:00Z');
  await ledger.settle();
  expect(await statement('rip')).toMatchObject([{ points: 20, occurredAt: '2034-06-09T22:00:00Z' }]);
});

test('a birthday that is told under a name which was merged is of the one who lives on', async () => {
  await send(event(CustomerMerged, envelope(), { customerId: 'quinn', intoCustomerId: 'queen' }));
  await send(born('quinn', '1990-07-10', 's'));
  ledger.clock.set('2034-07-10T12:00:00Z');
  await ledger.settle();
  expect(await statement('queen')).toMatchObject([{ points: 20, ruleId: 'birthday' }]);
});

test('a birthday rule asks what is known of the customer, and is in force when the birthday begins', async () => {
  const rules: EarningRule[] = [
    {
      ...{ id: 'party', name: 'party', order: 1, trigger: { on: 'birthday' }, effect: { kind: 'fixed', points: 9 } },
      when: { kind: 'customer_segment', in: ['guests'] },
    },
    {
      ...{ id: 'late', name: 'late', order: 2, trigger: { on: 'birthday' }, effect: { kind: 'fixed', points: 3 } },
      startsAt: '2034-08-10T06:00:00Z',
    },
  ];
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules })).statusCode).toBe(200);
  await send(born('sam', '1990-08-10', 's'), born('tom', '1990-08-10', 's'), enter('sam', 'guests'));
  ledger.clock.set('2034-08-10T12:00:00Z');
  await ledger.settle();
  expect((await Promise.all(['sam', 'tom'].map(earned))).map((rows) => rows.length)).toEqual([1, 0]);
});
