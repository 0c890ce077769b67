import { event, InteractionRecorded, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EarningRule } from '../domain/rules/rule.ts';
import type { TierLevel, TierStructure } from '../domain/tiers/structure.ts';
import { PROGRAMME, purchase, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';
import { level } from '../test/tiers.fixture.ts';
import { createCurrentRules } from './current-programme.ts';
import { replayPortion } from './replay-draft.ts';

const FREE: TierLevel = {
  ...level('bronze', 0),
  benefits: {
    multiplier: { numerator: 2, denominator: 1 },
    expiry: { kind: 'rolling', amount: 9, unit: 'days' },
    rewards: [],
  },
};
/** Bronze asks for nothing. */
const TIERS: TierStructure = {
  metric: { kind: 'spend', currency: 'EUR' },
  window: { kind: 'calendar', period: 'month' },
  levels: [FREE, level('silver', 100_000)],
  validity: { kind: 'windows', more: 0 },
  graceDays: 0,
  downgrade: 'to_earned',
  atRiskDays: 0,
};
const RULES: EarningRule[] = [
  {
    ...{ id: 'review', name: 'review', order: 1, trigger: { on: 'interaction', interactionType: 'review.written' } },
    when: { kind: 'customer_tier', in: ['bronze'] },
    effect: { kind: 'fixed', points: 5 },
  },
  {
    ...{ id: 'thanks', name: 'thanks', order: 2, trigger: { on: 'manual_grant' } },
    when: { kind: 'customer_tier', in: ['bronze'] },
    effect: { kind: 'fixed', points: 7 },
  },
];
const CLUB = { tiers: TIERS, rules: RULES };

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger(CLUB);
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const { ok, addPool, validate, redeem } = redemptions(() => ledger);
const now = () => ledger.clock.now().toString();
const tierOf = (customerId: string) => ok('GET', `/v1/customers/${customerId}/tier`);
const currentRules = createCurrentRules();
/** Points that a draft would give for all orders of the last days. */
const replayed = async (draftId: string): Promise<number> => {
  const { replayId } = await ok('POST', `/v1/programme/drafts/${draftId}/replays`, { days: 30 });
  const portion = () =>
    ledger.sql('ledger').begin((tx) => replayPortion(tx, { now: ledger.clock.now(), portion: 100, currentRules }));
  while ((await portion()) > 0);
  const { status, result } = await ok('GET', `/v1/programme/replays/${replayId}`);
  expect(status).toBe('done');
  return result.points.draft;
};
const told = async (customerId: string) =>
  (await ledger.events(Topics.points))
    .filter(({ type, subject }) => type === 'tier.changed' && subject === customerId)
    .map(({ time, data }) => {
      const { from, to } = data as { from?: string; to?: string };
      return [time, from, to];
    });

test('who is new has the free tier from the start; the answer is the same at every time', async () => {
  const first = await tierOf('new');
  expect(first).toMatchObject({
    tier: { id: 'bronze' },
    since: null,
    validUntil: null,
    toNext: { tier: { id: 'silver' }, missing: 100_000 },
    toKeep: null,
    benefits: { multiplier: { numerator: 2, denominator: 1 } },
  });
  ledger.clock.advance({ minutes: 1 });
  expect(await tierOf('new')).toEqual(first);
});

test('the first order has what the tier gives, and nobody is told of a tier that was there', async () => {
  const at = now();
  await ledger.send(purchase('new', 'new-1', 1_000, { time: at }));
  const { entries } = await ok('GET', '/v1/customers/new/statement');
  expect(entries.map((each: { explanation: { text: string } }) => each.explanation.text)).toEqual([
    '20 = 10 base × 2 bronze',
  ]);
  const { lots } = await ok('GET', '/v1/customers/new/lots');
  expect(lots.map(({ expiresAt }: { expiresAt: string }) => expiresAt)).toEqual(['2026-11-30T22:59:59.999Z']);
  expect(await tierOf('new')).toMatchObject({ tier: { id: 'bronze' }, since: null });
  await ledger.send(purchase('new', 'new-2', 200_000, { time: at }));
  expect(await told('new')).toEqual([[at, 'bronze', 'silver']]);
});

test('rules, rewards and coupons ask for the free tier of who was never seen', async () => {
  const envelope = { id: newId(), source: '/test', time: T0 };
  await ledger.send(event(InteractionRecorded, envelope, { customerId: 'rae', interactionType: 'review.written' }));
  expect(await ledger.balance('rae')).toMatchObject({ active: 5 });
  const grant = { grantId: 'g-1', ruleId: 'thanks', reason: 'sorry' };
  expect(await ok('POST', '/v1/customers/rob/grants', grant)).toMatchObject({ points: 7 });

  const reward = { name: { en: 'tea', fa: 'چای' }, costPoints: 1, audience: { tiers: ['bronze'] } };
  const { rewardId } = await ok('POST', '/v1/rewards', reward);
  await ok('POST', `/v1/rewards/${rewardId}/activate`);
  const { rewards } = await ok('GET', '/v1/customers/nina/rewards');
  expect(rewards).toMatchObject([{ rewardId, whyNot: ['insufficient_points'] }]);
  await ok('POST', `/v1/customers/rob/rewards/${rewardId}/claims`, {});

  await addPool({ audience: { tiers: ['bronze'] } }, { codes: ['BRONZEONLY'], usesPerCode: 9 });
  const tried = await validate(['BRONZEONLY'], { customerId: 'nina' });
  expect(tried.json()).toMatchObject({ results: [{ accepted: true }] });
  expect((await redeem('nina-1', ['BRONZEONLY'], { customerId: 'nina' })).statusCode).toBe(201);
});

test('points are of the free tier, by whichever door they came', async () => {
  await ledger.send(purchase('pia', 'pia-1', 5_000, { time: now() }));
  await ok('POST', '/v1/customers/paul/adjustments', { points: 40, reason: 'sorry' });
  await ok('POST', '/v1/customers/paul/transfers', { toCustomerId: 'pat', points: 10, reason: 'gift' });
  const lots = await ledger.sql('ledger')`select customer_id, tier from lot where customer_id in ('pia', 'paul', 'pat')
    order by customer_id`;
  expect(lots.map(({ customer_id, tier }) => [customer_id, tier])).toEqual([
    ['pat', 'bronze'],
    ['paul', 'bronze'],
    ['pia', 'bronze'],
  ]);
});

test('who has an account and no other tier is counted with the free one', async () => {
  const { tiers, none } = await ok('GET', '/v1/tiers/counts');
  const counts = tiers.map(({ tier, customers }: { tier: { id: string }; customers: number }) => [tier.id, customers]);
  // nina, rae, rob, pia, paul and pat; new.
  expect([counts, none]).toEqual([
    [
      ['bronze', 6],
      ['silver', 1],
    ],
    0,
  ]);
});

test('drafts are tried with the tier that they give for free', async () => {
  const other = {
    ...TIERS,
    levels: [{ ...FREE, id: 'blue', name: { en: 'blue', fa: 'آبی' } }, level('silver', 100_000)],
  };
  const { draftId } = await ok('POST', '/v1/programme/drafts', { programme: { ...PROGRAMME, tiers: other } });
  const order = { currency: 'EUR', totalMinor: 10_000, lines: [] };
  for (const customer of [{}, { customerId: 'nobody-known' }, { customerId: 'pia' }])
    expect(await ok('POST', '/v1/programme/simulations', { order, draftId, ...customer })).toMatchObject({
      entries: [{ explanation: '200 = 100 base × 2 blue' }],
    });
  expect(await ok('POST', '/v1/programme/simulations', { order, draftId, customer: { tier: 'silver' } })).toMatchObject(
    { points: 100 },
  );

  ledger.clock.advance({ minutes: 1 });
  // new has silver today, which multiplies nothing: 10 + 2,000; pia's are doubled.
  expect(await replayed(draftId)).toBe(2_010 + 100);
});

test('drafts are tried with the tier that is left today, though no sweep has been by', async () => {
  const { draftId } = await ok('POST', '/v1/programme/drafts', { programme: { ...PROGRAMME, tiers: TIERS } });
  const order = { currency: 'EUR', totalMinor: 10_000, lines: [] };
  const tried = async () =>
    (await ok('POST', '/v1/programme/simulations', { order, draftId, customerId: 'new' })).points;
  ledger.clock.set('2026-11-30T22:59:59.999Z');
  expect([await tried(), await replayed(draftId)]).toEqual([100, 2_010 + 100]);
  ledger.clock.set('2026-11-30T23:00:00Z');
  expect([await tried(), await replayed(draftId)]).toEqual([200, 2 * 2_010 + 100]);
});

test('who falls back to the free tier is told so, and has it since then', async () => {
  ledger.clock.set('2026-12-01T08:00:00Z');
  await ledger.settle();
  expect((await told('new')).at(-1)).toEqual(['2026-11-30T23:00:00Z', 'silver', 'bronze']);
  expect(await tierOf('new')).toMatchObject({ tier: { id: 'bronze' }, since: '2026-11-30T23:00:00Z' });
});

test('a level that comes to be free is had by who had fallen out of all of them', async () => {
  const put = (levels: TierStructure['levels']) =>
    ok('PUT', '/v1/programme', { ...PROGRAMME, tiers: { ...TIERS, levels } });
  await put([level('silver', 100_000)]);
  ledger.clock.advance({ minutes: 2 });
  await ledger.settle();
  expect(await tierOf('new')).toMatchObject({ tier: null });
  await put([level('steel', 0), level('silver', 100_000)]);
  const before = await tierOf('new');
  expect(before).toMatchObject({ tier: { id: 'steel' } });
  ledger.clock.advance({ minutes: 2 });
  await ledger.settle();
  expect(await tierOf('new')).toEqual(before);
  await ledger.send(purchase('new', 'new-3', 150_000, { time: now() }));
  expect((await told('new')).at(-1)?.slice(1)).toEqual(['steel', 'silver']);
});
