import {
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  event,
  LifecycleChanged,
  SegmentLeft,
  Topics,
} from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EarningRule } from '../domain/rules/rule.ts';
import { claimAwards } from '../store/rule-awards.ts';
import { enter, envelope, interaction, RULES, ruleDeeds } from '../test/club-rules.fixture.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { untilWaiting } from '../test/until-waiting.fixture.ts';
import { birthdayKey } from '../use-cases/birthdays-had.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { collectGifts } from '../use-cases/event-gifts.ts';
import { awardKey, giveAwards } from '../use-cases/give-awards.ts';

let ledger: LedgerHarness;
const { send, statement, earned } = ruleDeeds(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({ rules: RULES });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('an interaction earns once, however often it comes, and only what the rules name', async () => {
  const signup = interaction('hal', 'signup');
  await send(signup, signup, interaction('hal', 'app.opened'));
  await send(signup, interaction('hal', 'signup'));
  expect(await statement('hal')).toMatchObject([{ kind: 'earn', points: 50, ruleId: 'signup', reason: 'signup' }]);
});

test('what an interaction earns is told as a part of what it is a part of', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await send({ ...interaction('hey', 'signup'), traceparent });
  const told = (await ledger.events(Topics.points)).filter(({ subject }) => subject === 'hey');
  expect(told).toMatchObject([{ type: 'points.earned', traceparent: expect.stringContaining('4bf92f3577b34da6a3ce') }]);
});

test('what is known of a customer is what was last said, and rules ask it', async () => {
  const known = (attributes?: Record<string, string>) =>
    event(CustomerUpdated, envelope(), { customerId: 'jim', ...(attributes ? { attributes } : {}) });
  const buy = (n: number) => purchase('jim', `jim-${n}`, 1_000);
  await send(known({ city: 'yazd' }), known({ city: 'tehran' }));
  await send(buy(1));
  await send(known({ city: 'yazd' }));
  await send(buy(2));
  await send(known());
  await send(buy(3));
  expect((await earned('jim')).map(([, , text]) => text)).toEqual([
    '10 = 10 base',
    '30 = 10 base × 3 yazd',
    '10 = 10 base',
  ]);
});

test('entering a segment or a lifecycle state earns; what customers are in is known to rules from then on', async () => {
  await send(
    enter('ida', 'vip'),
    event(LifecycleChanged, envelope(), { customerId: 'ida', from: 'churned', to: 'won_back', reason: 'r', orders: 3 }),
    enter('ida', 'silver'),
  );
  await send(purchase('ida', 'ida-1', 1_000));
  await send(event(SegmentLeft, envelope(), { customerId: 'ida', segmentId: 'silver', reason: 'test' }));
  await send(purchase('ida', 'ida-2', 1_000));
  expect((await earned('ida')).map(([ruleId, points]) => [ruleId, points])).toEqual([
    ['vip', 100],
    ['back', 7],
    ['base', 12],
    ['base', 10],
  ]);
});

test('what comes twice within one transaction is given once, as it was told first; an id is one of its source', async () => {
  const first = enter('ned', 'vip');
  const again = { ...first, time: '2026-11-21T08:00:01Z' };
  const other = { ...first, source: '/other' };
  const given = await ledger.sql('ledger').begin(async (tx) => {
    const rules = await createCurrentRules()(tx);
    const { collected, add } = collectGifts(rules);
    for (const each of [first, again, other]) add(each, 'ned', rules.compiled.segments.get('vip'), undefined);
    return giveAwards(tx, collected.gifts, rules, { door: 's0', now: ledger.clock.now() });
  });
  const award = { occurredAt: first.time, amount: 100 };
  expect(given).toMatchObject({ claimed: 2, transfers: [award, award] });
  await ledger.settle();
  // The award is known as given by its entry.
  await ledger.verify();
});

test('who claims the same awards in another order waits for the other and holds none of its own meanwhile', async () => {
  const claim = (n: number) => {
    const key = `0000000${n}-0000-7000-8000-000000000000`;
    return { key, contentHash: null, transferId: key };
  };
  const sql = ledger.sql('ledger');
  let other: Promise<Set<string>> | undefined;
  await sql.begin(async (tx) => {
    await claimAwards(tx, [claim(1)]);
    other = sql.begin((inner) => claimAwards(inner, [claim(3), claim(2), claim(1)]));
    await untilWaiting(ledger);
    await claimAwards(tx, [claim(2)]);
  });
  expect(await other).toEqual(new Set([claim(3).key]));
});

test('a grant is given once for its id, by a rule or by points, within the rule', async () => {
  const grant = (body: object) => ledger.call('POST', '/v1/customers/kai/grants', { reason: 'late delivery', ...body });
  const first = await grant({ grantId: 'k1', ruleId: 'sorry' });
  expect([first.statusCode, first.json()]).toMatchObject([
    201,
    { points: 15, ruleId: 'sorry', balance: { active: 15 } },
  ]);
  const again = await grant({ grantId: 'k1', ruleId: 'sorry' });
  expect(again.json()).toMatchObject({ entryId: first.json().entryId, points: 15, balance: { active: 15 } });
  const other = await grant({ grantId: 'k1', points: 15 });
  expect([other.statusCode, other.json().code]).toEqual([409, 'ledger.grant_conflict']);
  const points = await grant({ grantId: 'k2', points: 40 });
  expect(points.json()).toMatchObject({ points: 40, ruleId: 'grant', balance: { active: 55 } });
  expect((await grant({ grantId: 'k3', ruleId: 'sorry' })).statusCode).toBe(201);
  // Each says who gave it.
  const actors = await ledger.sql('ledger')`select distinct actor is not null as known from transfer
    where customer_id = 'kai'`;
  expect(actors).toEqual([{ known: true }]);
  const over = await grant({ grantId: 'k4', ruleId: 'sorry' });
  expect([over.statusCode, over.json().code]).toEqual([422, 'ledger.cap_reached']);
  // It was refused, not used up: when there is room it is given.
  expect(await ledger.sql('ledger')`select 1 from rule_award where content_hash is not null`).toHaveLength(3);
  for (const [body, status, code] of [
    [{ grantId: 'k5', ruleId: 'vip' }, 404, 'ledger.rule_not_found'],
    [{ grantId: 'k5', ruleId: 'sorry', points: 1 }, 400, 'ledger.grant_incomplete'],
    [{ grantId: 'k5' }, 400, 'ledger.grant_incomplete'],
  ] as const) {
    const answer = await grant(body);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  }
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules: RULES, approvalAbovePoints: 40 });
  const much = await grant({ grantId: 'k6', points: 41 });
  expect([much.statusCode, much.json().code]).toEqual([422, 'ledger.approval_needed']);
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules: RULES });
  await send(enter('kai', 'barred'));
  const barred = await grant({ grantId: 'k5', ruleId: 'sorry' });
  expect([barred.statusCode, barred.json().code]).toEqual([422, 'ledger.rule_does_not_apply']);
  expect(await statement('kai')).toMatchObject([
    { reason: 'late delivery' },
    { reason: 'late delivery' },
    { points: 15 },
  ]);
});

test('the same grant at the same moment is given once', async () => {
  const grant = () =>
    ledger
      .call('POST', '/v1/customers/leo/grants', { grantId: 'l1', points: 9, reason: 'twice' })
      .then((a) => a.json());
  const [a, b] = await Promise.all([grant(), grant()]);
  expect(a.entryId).toBe(b.entryId);
  expect(await ledger.balance('leo')).toMatchObject({ active: 9 });
});

test('merged: what the one earned counts in the caps of the other; erased: nothing is known any more', async () => {
  const app = (customerId: string, n: number) => purchase(customerId, `${customerId}-${n}`, 100, { channel: 'app' });
  await send(enter('mia', 'silver'), app('mia', 1), app('mia2', 1));
  await send(event(CustomerMerged, envelope(), { customerId: 'mia2', intoCustomerId: 'mia' }));
  await send(app('mia2', 2));
  const last = (await statement('mia')).at(-1);
  expect(last).toMatchObject({ ruleId: 'app', points: 10 });
  await send(event(CustomerErased, envelope(), { customerId: 'mia' }));
  for (const table of ['customer_profile', 'rule_counter'])
    expect(await ledger.sql('ledger')`select 1 from ${ledger.sql('ledger')(table)} t where t::text ~ 'mia'`).toEqual(
      [],
    );
  await ledger.verify();
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

test('an interaction earns by what is said of it; one that would earn more than can be counted is set aside, no other is', async () => {
  const on = (interactionType: string) => ({ trigger: { on: 'interaction', interactionType } as const });
  const rules: EarningRule[] = [
    {
      ...{ id: 'rated', name: 'rated', order: 1, ...on('rated'), effect: { kind: 'fixed', points: 6 } },
      when: { kind: 'event_attribute', name: 'stars', in: [5] },
    },
    { ...{ id: 'huge', name: 'huge', order: 1, ...on('huge') }, effect: { kind: 'fixed', points: 1_000_000_000 } },
    ...[1, 2, 3, 4].map(
      (n): EarningRule => ({
        ...{ id: `times-${n}`, name: 'times', order: 1 + n, ...on('huge') },
        effect: { kind: 'multiplier', numerator: 100, denominator: 1 },
      }),
    ),
  ];
  const put = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules });
  expect(put.statusCode, put.body).toBe(200);
  const rated = (stars: number) => {
    const each = interaction('pip', 'rated');
    return { ...each, data: { ...each.data, attributes: { stars } } };
  };
  await send(rated(5), interaction('pip', 'huge'), rated(4));
  expect((await earned('pip')).map(([ruleId, points]) => [ruleId, points])).toEqual([['rated', 6]]);
  const letters = await ledger.deadLetters('ledger');
  expect(letters.map(({ key, errorCode }) => [key, errorCode])).toEqual([['pip', 'ledger.points_out_of_range']]);
});
