import { prepareAndHandle, type Tx } from '@vafa/bus';
import { CustomerUpdated, type EventEnvelope, event, LifecycleChanged, Topics } from '@vafa/contracts';
import { present } from '@vafa/kernel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EarningRule } from '../domain/rules/rule.ts';
import { envelope, interaction } from '../test/club-rules.fixture.ts';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';
import { findTiersToldOtherwise } from '../test/told-tiers.fixture.ts';
import { adjustPoints } from '../use-cases/adjust-points.ts';
import { awardBirthdays } from '../use-cases/award-birthdays.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { grantPoints } from '../use-cases/grant-points.ts';
import { subscriptions } from './subscriptions.ts';

/** Points are booked by the tier that is told, though no sweep has been by since it was lost. */

const forSilver = (id: string, trigger: EarningRule['trigger']): EarningRule => ({
  ...{ id, name: id, order: 1, trigger },
  when: { kind: 'customer_tier', in: ['silver'] },
  effect: { kind: 'fixed', points: 50 },
});
const RULES = [
  forSilver('order', { on: 'purchase' }),
  forSilver('visit', { on: 'interaction', interactionType: 'visit' }),
  forSilver('back', { on: 'lifecycle_entered', state: 'won_back' }),
  forSilver('birthday', { on: 'birthday' }),
  forSilver('sorry', { on: 'manual_grant' }),
];
/** Kept to the end of the next month; points of silver expire within two days. */
const MONTHLY = structure({
  window: { kind: 'calendar', period: 'month' },
  levels: [
    { ...level('silver', 100), benefits: { rewards: [], expiry: { kind: 'rolling', amount: 2, unit: 'days' } } },
  ],
  atRiskDays: 0,
});
/** The clock of the ledger, and so of its sweeps, stays in November. */
const NOW = Temporal.Instant.from('2027-01-05T08:00:00Z');

let ledger: LedgerHarness;
const currentRules = createCurrentRules();
const deps = { currentRules, refunds: { lookBackPurchases: 100, openDays: 7 } };
const heard = subscriptions({ ...deps, countOutcomes: () => undefined });

const booked = (work: (tx: Tx) => Promise<unknown>) => ledger.sql('ledger').begin(work);
const tell = (topic: (typeof Topics)[keyof typeof Topics], ...events: EventEnvelope[]) =>
  booked(async (tx) => {
    const subscription = present(
      heard.find((each) => each.topic === topic),
      topic.name,
    );
    const context = { group: 'test', topic: topic.name, partition: 0, now: NOW };
    await prepareAndHandle(subscription, tx, events as never, context);
  });
const earnedBy = async (customerId: string) =>
  (
    await ledger.sql('ledger')<{ text: string }[]>`select rule_id || ' ' || amount as text from transfer
      where customer_id = ${customerId} and kind = 'earn' and recorded_at >= ${NOW.toString()}::timestamptz order by 1`
  ).map(({ text }) => text);
const tierOf = async (customerId: string) => {
  const [row] = await ledger.sql('ledger')`select tier, valid_until from tier_state where customer_id = ${customerId}`;
  return [row?.tier, row?.valid_until];
};
const call = { now: NOW, actor: 'test' };
const now = NOW.toString();

beforeEach(async () => {
  ledger = await startLedger({ tiers: MONTHLY, rules: RULES });
  const born = event(CustomerUpdated, envelope(), { customerId: 'eve', birthDate: '1990-01-05', attributes: {} });
  const names = ['ann', 'bea', 'cat', 'dan', 'eve', 'fay'];
  await ledger.send(born, ...names.map((name) => purchase(name, `${name}-1`, 10_000)));
});
afterEach(async () => {
  // Whoever finds a tier lost tells it.
  expect(await findTiersToldOtherwise(ledger)).toEqual([]);
  await ledger.stop();
});

test('an order earns without the tier that was lost', async () => {
  await tell(Topics.purchases, purchase('ann', 'ann-2', 1_000, { time: now }));
  expect(await earnedBy('ann')).toEqual(['base 10']);
  expect(await tierOf('ann')).toEqual([null, null]);
});

test('so does an interaction, a state, a birthday, a grant; a correction expires without it', async () => {
  await tell(Topics.interactions, interaction('bea', 'visit', now));
  const back = { customerId: 'cat', from: 'dormant', to: 'won_back', reason: 'test', orders: 1 } as const;
  await tell(Topics.segments, event(LifecycleChanged, envelope(now), back));
  await booked((tx) => awardBirthdays(tx, NOW, 10, deps));
  const grant = { customerId: 'dan', grantId: 'g', ruleId: 'sorry', reason: 'test' };
  await expect(booked((tx) => grantPoints(tx, grant, call, deps))).rejects.toMatchObject({
    code: 'ledger.rule_does_not_apply',
  });
  for (const name of ['bea', 'cat', 'dan', 'eve']) expect([name, await earnedBy(name)]).toEqual([name, []]);
  for (const name of ['bea', 'cat', 'eve']) expect([name, await tierOf(name)]).toEqual([name, [null, null]]);
  await booked((tx) => adjustPoints(tx, { customerId: 'fay', points: 7, reason: 'test' }, call, deps));
  const [lot] = await ledger.sql('ledger')`select expires_at, tier from lot where granted = 7`;
  expect(lot).toEqual({ expires_at: null, tier: null });
});

test('what is refunded after a tier was renewed does not end it', async () => {
  ledger.clock.set('2026-12-20T08:00:00Z');
  await ledger.send(purchase('dan', 'dan-2', 10_000, { time: '2026-12-20T08:00:00Z' }));
  await tell(Topics.purchases, refund('dan', 'dan-r', { scope: 'whole', orderId: 'dan-2', time: now }));
  expect(await tierOf('dan')).toEqual(['silver', '2027-01-31 22:59:59.999+00']);
});
