import { type EventEnvelope, event, InteractionRecorded, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EarningRule } from '../domain/rules/rule.ts';
import { lookAtDamage } from '../test/damage.fixture.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { verifyLots } from './verify-lots.ts';

const bonus = (more: Partial<EarningRule> = {}): EarningRule => ({
  ...{ id: 'bonus', name: 'bonus', order: 1, trigger: { on: 'purchase' }, effect: { kind: 'fixed', points: 7 } },
  expiry: { kind: 'rolling', amount: 10, unit: 'days' },
  ...more,
});
const SLIDING = {
  ...{ kind: 'sliding' as const, amount: 20, unit: 'days' as const },
  ...{ activities: ['purchase' as const], interactionTypes: [] },
};

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ expiry: SLIDING, rules: [bonus()], expiringSoonDays: 3 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const buy = (customerId: string, totalMinor: number): EventEnvelope =>
  purchase(customerId, newId(), totalMinor, { time: ledger.clock.now().toString() });
const later = async (days: number): Promise<void> => {
  ledger.clock.set(ledger.clock.now().add({ hours: 24 * days }));
  await ledger.settle();
};
const told = async (customerId: string, type: string) =>
  (await ledger.events(Topics.points))
    .filter((each) => each.subject === customerId && each.type === type)
    .map(({ data }) => (data as { points: number }).points);

test('what a rule says of the expiry of its points holds, though activity keeps the others', async () => {
  await ledger.send(buy('ann', 1_000));
  expect(await ledger.balance('ann')).toMatchObject({ active: 17, nextExpiration: { points: 7 } });
  await later(8);
  // Keeps what slides; the rule's new points have ten days of their own.
  await ledger.send(buy('ann', 500));
  expect(await ledger.balance('ann')).toMatchObject({ active: 29, nextExpiration: { points: 7 } });
  await later(3);
  expect(await ledger.balance('ann')).toMatchObject({ active: 22, expired: 7, nextExpiration: { points: 7 } });
  await later(5);
  await later(3);
  expect(await ledger.balance('ann')).toMatchObject({ active: 15, expired: 14, nextExpiration: { points: 15 } });
  await later(9);
  await later(1);
  expect(await ledger.balance('ann')).toMatchObject({ active: 0, expired: 29 });
  // Each once: the points that were kept, after that.
  expect(await told('ann', 'points.expiring_soon')).toEqual([7, 7, 10, 5]);
  expect(await told('ann', 'points.expired')).toEqual([7, 7, 10, 5]);
});

test('given away, points keep that activity keeps them, or does not', async () => {
  await ledger.send(buy('bob', 1_000));
  const given = await ledger.call('POST', '/v1/customers/bob/transfers', {
    ...{ toCustomerId: 'cid', points: 17, reason: 'a gift' },
  });
  expect(given.statusCode, given.body).toBe(201);
  await later(8);
  await ledger.send(buy('cid', 0));
  await later(4);
  expect(await ledger.balance('cid')).toMatchObject({ active: 17, expired: 7 });
});

test('given away with points that expire at the same instant, each keeps whether activity keeps it', async () => {
  const rules = [bonus({ expiry: { kind: 'rolling', amount: 20, unit: 'days' } })];
  const put = (more: object) => ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiry: SLIDING, ...more });
  expect((await put({ rules })).statusCode).toBe(200);
  await ledger.send(buy('gil', 1_000));
  expect(await ledger.balance('gil')).toMatchObject({ nextExpiration: { points: 17 } });
  const given = await ledger.call('POST', '/v1/customers/gil/transfers', {
    ...{ toCustomerId: 'hue', points: 17, reason: 'a gift' },
  });
  const [one, other] = given.json().parts;
  expect([one.points, other.points].sort()).toEqual([10, 7]);
  expect(one.expiresAt).toBe(other.expiresAt);
  await later(8);
  // Brings seven of its own.
  await ledger.send(buy('hue', 0));
  await later(15);
  expect(await ledger.balance('hue')).toMatchObject({ active: 17, expired: 7 });
  expect((await put({ rules: [bonus()], expiringSoonDays: 3 })).statusCode).toBe(200);
});

test('what activity does not keep is spent before what it keeps, however many lots there are', async () => {
  await ledger.send(
    ...Array.from({ length: 80 }, () => purchase('dan', newId(), 100, { time: ledger.clock.now().toString() })),
  );
  const sql = ledger.sql('ledger');
  // As if most were older: their own expiry comes first, and activity keeps them all.
  await sql`update lot set expires_at = expires_at - interval '30 days' where customer_id = 'dan' and slides`;
  await sql`update balance set next_expiry_at = next_expiry_at - interval '30 days' where customer_id = 'dan'`;
  const held = await ledger.call('POST', '/v1/customers/dan/reservations', { points: 560 });
  expect(held.statusCode, held.body).toBe(201);
  const [left] = await sql`select sum(remaining)::integer as points, bool_and(slides) as slide from lot
    where customer_id = 'dan' and remaining > 0`;
  expect(left).toEqual({ points: 80, slide: true });
  await sql`update lot set expires_at = expires_at + interval '30 days' where customer_id = 'dan' and slides`;
});

test('points of a rule that await an interaction expire by the rule as it is when that is done', async () => {
  const activation = { kind: 'on_event' as const, interactionType: 'survey.answered', cancelAfterDays: 7 };
  const put = async (rules: EarningRule[]): Promise<void> => {
    const answer = await ledger.call('PUT', '/v1/programme', {
      ...PROGRAMME,
      expiresAfterDays: null,
      expiry: SLIDING,
      rules,
    });
    expect(answer.statusCode, answer.body).toBe(200);
  };
  const answered = (customerId: string): EventEnvelope =>
    event(
      InteractionRecorded,
      { id: newId(), source: '/test', time: ledger.clock.now().toString() },
      { customerId, interactionType: 'survey.answered' },
    );
  const ofRule = async (customerId: string) => {
    const { lots } = (await ledger.call('GET', `/v1/customers/${customerId}/lots?state=open`)).json();
    return lots.find(({ granted }: { granted: number }) => granted === 7)?.expiresAt;
  };
  ledger.clock.set('2027-03-01T08:00:00Z');
  await put([bonus({ activation })]);
  await ledger.send(...['eva', 'fay', 'gus'].map((customerId) => buy(customerId, 1_000)));
  await later(1);
  await ledger.send(answered('eva'));
  expect(await ofRule('eva')).toBe('2027-03-12T22:59:59.999Z');
  await put([bonus({ activation, expiry: { kind: 'rolling', amount: 2, unit: 'days' } })]);
  await ledger.send(answered('fay'));
  expect(await ofRule('fay')).toBe('2027-03-04T22:59:59.999Z');
  // The rule is gone: the programme says.
  await put([]);
  await ledger.send(answered('gus'));
  expect(await ofRule('gus')).toBe('2027-03-22T22:59:59.999Z');
  expect(
    await ledger.sql('ledger')`select customer_id, slides from lot where granted = 7 and customer_id in ('eva', 'gus')
    order by customer_id`,
  ).toEqual([
    { customer_id: 'eva', slides: false },
    { customer_id: 'gus', slides: true },
  ]);
});

test('that activity keeps what it should not, or the other way round, is found', async () => {
  const brokenBy = (damage: string) =>
    lookAtDamage(ledger, damage, async (tx) => (await verifyLots(tx, 9, () => undefined)).length);
  expect(await brokenBy(`update lot set slides = slides where customer_id = 'eva'`)).toBe(0);
  // What the rate gave slides; what the rule gave expires as the rule says.
  expect(await brokenBy(`update lot set slides = false where customer_id = 'fay' and granted = 10`)).toBe(1);
  expect(
    await brokenBy(
      `update lot set expires_at = expires_at + interval '9 days' where customer_id = 'ann' and not slides`,
    ),
  ).toBe(2);
});
