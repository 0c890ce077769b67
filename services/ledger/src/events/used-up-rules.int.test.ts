import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caps, EarningRule } from '../domain/rules/rule.ts';
import { interaction, ruleDeeds } from '../test/club-rules.fixture.ts';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

const signup = { on: 'interaction', interactionType: 'signup' } as const;
const once: Caps = { perCustomer: [{ limit: 1, unit: 'awards', per: 'forever' }], beyond: 'reduce' };
const bonus = { kind: 'multiplier', numerator: 3, denominator: 2 } as const;
const rule = (id: string, order: number, more: Omit<EarningRule, 'id' | 'name' | 'order'>): EarningRule => ({
  ...{ id, order, name: id },
  ...more,
});

/** In each trigger a rule that ends the list while its cap leaves something, one that comes after it, and a bonus. */
const RULES: EarningRule[] = [
  rule('double', 0, {
    trigger: { on: 'purchase' },
    effect: { kind: 'fixed', points: 40 },
    caps: { perCustomer: [{ limit: 50, unit: 'points', per: 'forever' }], beyond: 'reduce' },
  }),
  rule('half', 1, { trigger: { on: 'purchase' }, effect: bonus, expiry: { kind: 'rolling', amount: 7, unit: 'days' } }),
  rule('first', 2, { trigger: { on: 'purchase' }, effect: { kind: 'fixed', points: 100 }, caps: once, stop: true }),
  rule('later', 3, {
    trigger: { on: 'purchase' },
    effect: { kind: 'fixed', points: 9 },
    activation: { kind: 'after', amount: 3, unit: 'days' },
  }),
  rule('welcome', 0, { trigger: signup, effect: { kind: 'fixed', points: 50 }, caps: once, stop: true }),
  rule('again', 1, { trigger: signup, effect: { kind: 'fixed', points: 5 } }),
];

let ledger: LedgerHarness;
const { send, earned } = ruleDeeds(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({ rules: RULES });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const EARNED = [
  [
    ['base', 10, '10 = 10 base'],
    ['double', 40, '40 = 40 double'],
    ['half', 25, '25 = 50 × 0.5 half'],
    ['first', 100, '100 = 100 first'],
  ],
  [
    ['base', 10, '10 = 10 base'],
    ['double', 10, '10 = 40 double − 30 over the cap of 50 points per customer'],
    ['half', 10, '10 = 20 × 0.5 half'],
    ['later', 9, '9 = 9 later'],
  ],
  [
    ['base', 10, '10 = 10 base'],
    ['half', 5, '5 = 10 × 0.5 half'],
    ['later', 9, '9 = 9 later'],
  ],
];

const textOf = ([, , text]: unknown[]) => text;

test('what a rule no longer gives makes room for the next, and no bonus is given for it, in one batch or in many', async () => {
  const orders = (customerId: string) => [1, 2, 3].map((n) => purchase(customerId, `${customerId}-${n}`, 1_000));
  await send(...orders('ann'));
  for (const order of orders('bob')) await send(order);
  await send(...orders('ann'));
  expect((await earned('ann')).map(textOf)).toEqual(EARNED.flat().map(textOf));
  expect((await earned('bob')).map(textOf)).toEqual(EARNED.flat().map(textOf));
  // What comes only in the place of a used-up rule has its own times, too.
  expect(await ledger.balance('ann')).toMatchObject({ active: 175 + 30 + 15, pending: 18 });
});

test('an order is taken back as it was given', async () => {
  await send(purchase('cid', 'cid-1', 1_000), purchase('cid', 'cid-2', 1_000));
  await send(refund('cid', 'cid-r', { scope: 'whole', orderId: 'cid-2' }));
  expect(await ledger.balance('cid')).toMatchObject({ active: 175, pending: 0 });
  await send(refund('cid', 'cid-r1', { scope: 'whole', orderId: 'cid-1' }));
  expect(await ledger.balance('cid')).toMatchObject({ active: 0, pending: 0, negative: 0 });
});

test('a simulation tells the same', async () => {
  const tried = await ledger.call('POST', '/v1/programme/simulations', {
    ...{ order: { currency: 'EUR', totalMinor: 1_000 }, customerId: 'ann' },
  });
  const { entries, cappedAway } = tried.json();
  expect(
    entries.map((each: { ruleId: string; points: number; explanation: string }) => Object.values(each).slice(0, 3)),
  ).toEqual(EARNED[2]);
  expect(cappedAway).toEqual(['first', 'double']);
});

test('an interaction, too, and each of its awards is given once', async () => {
  const [one, two] = [interaction('dan', 'signup'), interaction('dan', 'signup')];
  await send(one, one, two);
  await send(two, one);
  expect(await earned('dan')).toEqual([
    ['welcome', 50, '50 = 50 welcome'],
    ['again', 5, '5 = 5 again'],
  ]);
});
