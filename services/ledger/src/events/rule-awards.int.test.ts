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
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { collectGifts } from '../use-cases/event-gifts.ts';
import { giveAwards } from '../use-cases/give-awards.ts';

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
