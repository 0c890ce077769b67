import fc from 'fast-check';
import { expect, test } from 'vitest';
import { conditions, customerFacts, orderFacts, ruleLists } from '../../test/rules.fixture.ts';
import { UNREADABLE_INSTANT } from '../window-problems.ts';
import { compileRules } from './compile.ts';
import { earnByPurchase } from './evaluate.ts';
import { problemsOf } from './problems.ts';
import {
  type CapPeriod,
  type Condition,
  type EarningRule,
  MAX_CONDITION_DEPTH,
  MAX_CONDITION_NODES,
  MAX_RULES,
} from './rule.ts';

const ZONE = { calendar: 'persian', timeZone: 'Asia/Tehran' } as const;

const rule = (more: object = {}): EarningRule => ({
  id: 'r',
  name: 'rule',
  trigger: { on: 'purchase' },
  effect: { kind: 'fixed', points: 5 },
  order: 0,
  ...more,
});
const found = (...rules: EarningRule[]) => problemsOf(rules, ZONE).map(({ path, message }) => `${path} ${message}`);
const when = (condition: unknown, more: object = {}) => found(rule({ when: condition, ...more }));
const nested = (depth: number): Condition =>
  depth === 1 ? { kind: 'order_store', in: ['a'] } : { not: nested(depth - 1) };

test('a rule that is right has no problems', () => {
  expect(found(rule())).toEqual([]);
});

test('ids are unique, and two are taken', () => {
  expect(found(rule(), rule())).toEqual(['/rules/1/id is the id of another rule']);
  for (const id of ['base', 'grant']) expect(found(rule({ id }))[0]).toContain('/rules/0/id is taken');
});

test.each<[string, object, string]>([
  ['unknown fields', { pionts: 5 }, '/rules/0/pionts is not known here'],
  ['unknown triggers', { trigger: { on: 'sunrise' } }, '/rules/0/trigger/on must be one of purchase, interaction'],
  [
    'fields of other triggers',
    { trigger: { on: 'birthday', state: 'new' } },
    '/rules/0/trigger/state is not known here',
  ],
  [
    'types that no interaction can have',
    { trigger: { on: 'interaction', interactionType: 'Sign up' } },
    '/rules/0/trigger/interactionType must be a type that interactions may have',
  ],
  ['missing fields', { trigger: { on: 'interaction' } }, '/rules/0/trigger/interactionType is missing'],
  [
    'points that are not whole',
    { effect: { kind: 'fixed', points: 1.5 } },
    '/rules/0/effect/points must be a whole number',
  ],
  [
    'empty windows',
    { startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-02T00:00:00Z' },
    '/rules/0/endsAt must be after',
  ],
  ['no instant', { startsAt: 'soon' }, `/rules/0/startsAt ${UNREADABLE_INSTANT}`],
  ['no caps', { caps: { beyond: 'reduce' } }, '/rules/0/caps names no cap'],
  [
    'caps that reject always',
    { caps: { perCustomer: [{ limit: 4, unit: 'points', per: 'day' }], beyond: 'reject' } },
    '/rules/0/caps/perCustomer/0/limit is below the 5 points',
  ],
  [
    'the same for one order',
    { caps: { perOrder: 4, beyond: 'reject' } },
    '/rules/0/caps/perOrder is below the 5 points',
  ],
  [
    'caps that are never reached',
    {
      caps: {
        perCustomer: [
          { limit: 9, unit: 'points', per: 'day' },
          { limit: 8, unit: 'points', per: 'month' },
        ],
        beyond: 'reduce',
      },
    },
    '/rules/0/caps/perCustomer/0/limit is never reached',
  ],
  [
    'a cap of a customer above the budget',
    {
      caps: {
        perCustomer: [{ limit: 9, unit: 'awards', per: 'day' }],
        budget: [{ limit: 5, unit: 'awards', per: 'day' }],
        beyond: 'reduce',
      },
    },
    '/rules/0/caps/perCustomer/0/limit is never reached',
  ],
  [
    'two caps of one kind',
    {
      caps: {
        budget: [
          { limit: 9, unit: 'awards', per: 'day' },
          { limit: 9, unit: 'awards', per: 'day' },
        ],
        beyond: 'reduce',
      },
    },
    '/rules/0/caps/budget/1 is the second one of awards per day',
  ],
  [
    'caps per order without orders',
    { trigger: { on: 'birthday' }, caps: { perOrder: 9, beyond: 'reduce' } },
    '/rules/0/caps/perOrder is for purchases only',
  ],
  [
    'amounts without orders',
    { trigger: { on: 'birthday' }, effect: { kind: 'per_line', points: 1, each: 'line' } },
    '/rules/0/effect/kind counts an order',
  ],
  [
    'multiplied grants',
    { trigger: { on: 'manual_grant' }, effect: { kind: 'multiplier', numerator: 2, denominator: 1 } },
    '/rules/0/effect/kind must be fixed',
  ],
  [
    'multipliers above the limit',
    { effect: { kind: 'multiplier', numerator: 201, denominator: 2 } },
    '/rules/0/effect/numerator makes it more than 100',
  ],
  [
    'multipliers apart that take away',
    { effect: { kind: 'multiplier', numerator: 1, denominator: 2 }, caps: { perOrder: 9, beyond: 'reduce' } },
    '/rules/0/effect/numerator must be above the denominator',
  ],
  [
    'multipliers of nothing',
    { effect: { kind: 'multiplier', numerator: 2, denominator: 1, of: ['r', 'other'] } },
    '/rules/0/effect/of/0 must be base or the id of another rule',
  ],
  ['expiry', { expiry: { kind: 'rolling', amount: 0, unit: 'days' } }, '/rules/0/expiry/amount must be 1 to'],
  ['activation', { activation: { kind: 'after', amount: 0, unit: 'days' } }, '/rules/0/activation/amount must be 1 to'],
])('refuses %s', (_what, more, problem) => {
  expect(found(rule(more))[0]).toContain(problem);
});

test('a multiplier names what comes before it, of the same trigger', () => {
  const twice = (of: string[], order = 1) =>
    rule({ id: 'twice', order, effect: { kind: 'multiplier', numerator: 2, denominator: 1, of } });
  expect(found(rule(), twice(['base', 'r']))).toEqual([]);
  expect(found(rule({ order: 2 }), twice(['r']))).toEqual([
    '/rules/1/effect/of/0 comes later: a multiplier changes what was earned before it',
  ]);
  expect(found(rule({ trigger: { on: 'birthday' } }), twice(['r']))).toEqual([
    '/rules/1/effect/of/0 has another trigger',
  ]);
});

test.each<[string, unknown, string]>([
  ['unknown tests', { kind: 'moon' }, '/rules/0/when/kind must be one of'],
  ['tests of nobody', 'always', '/rules/0/when must be a test or a group'],
  ['misspelt fields', { kind: 'order_store', stores: ['a'] }, '/rules/0/when/stores is not known here'],
  ['empty groups', { any: [] }, '/rules/0/when/any must list one condition'],
  [
    'groups with more',
    { not: { kind: 'order_store', in: ['a'] }, kind: 'x' },
    '/rules/0/when must have nothing beside not',
  ],
  ['empty lists', { all: [{ kind: 'order_store', in: [] }] }, '/rules/0/when/all/0/in must list one value'],
  ['no bounds', { kind: 'order_lines' }, '/rules/0/when needs atLeast or atMost'],
  [
    'bounds the wrong way round',
    { kind: 'order_total', currency: 'IRR', atLeastMinor: 2, atMostMinor: 1 },
    '/rules/0/when/atMostMinor must not be below atLeastMinor',
  ],
  [
    'no currency',
    { kind: 'order_total', currency: 'XXQ', atLeastMinor: 2 },
    '/rules/0/when/currency must be an ISO 4217',
  ],
  ['hours of nothing', { kind: 'hours', fromHour: 3, untilHour: 3 }, '/rules/0/when/untilHour must differ'],
  ['dates of another calendar', { kind: 'dates', from: '1404-12-30' }, '/rules/0/when/from must be a date'],
  [
    'dates the wrong way round',
    { kind: 'dates', from: '1404-12-29', until: '1404-01-01' },
    '/rules/0/when/until must not',
  ],
  ['dates without dates', { kind: 'dates' }, '/rules/0/when needs from or until'],
  [
    'attributes of purchases',
    { kind: 'event_attribute', name: 'a', in: [1] },
    '/rules/0/when/kind asks about an interaction',
  ],
  [
    'lines that are none',
    { kind: 'any_line', lines: { colour: ['red'] } },
    '/rules/0/when/lines/colour is not known here',
  ],
])('refuses %s in conditions', (_what, condition, problem) => {
  expect(when(condition)[0]).toContain(problem);
});

test('orders are asked about for purchases only', () => {
  expect(when({ not: { kind: 'order_store', in: ['a'] } }, { trigger: { on: 'birthday' } })).toEqual([
    '/rules/0/when/not/kind asks about an order, which only purchases have',
  ]);
});

test('trees and lists of rules have limits', () => {
  expect(when(nested(MAX_CONDITION_DEPTH))).toEqual([]);
  expect(when(nested(MAX_CONDITION_DEPTH + 1))[0]).toContain(`deeper than ${MAX_CONDITION_DEPTH} levels`);
  const many = (count: number) => ({ all: Array.from({ length: count - 1 }, () => nested(1)) });
  expect(when(many(MAX_CONDITION_NODES))).toEqual([]);
  expect(when(many(MAX_CONDITION_NODES + 50))).toEqual([
    `/rules/0/when has more than ${MAX_CONDITION_NODES} tests and groups (MAX_CONDITION_NODES)`,
  ]);
  const rules = Array.from({ length: MAX_RULES + 1 }, (_, i) => rule({ id: `r${i}` }));
  expect(problemsOf(rules.slice(1), ZONE)).toEqual([]);
  expect(found(...rules)).toEqual([`/rules has more than ${MAX_RULES} rules (MAX_RULES)`]);
});

test('whatever has no problems can be compiled and asked', () => {
  fc.assert(
    fc.property(ruleLists(ZONE), conditions(true), orderFacts, customerFacts, (rules, condition, order, customer) => {
      const all = [...rules, rule({ id: 'last', when: condition, order: 9 })];
      expect(problemsOf(all, ZONE)).toEqual([]);
      const programme = { ...ZONE, rates: [], rounding: 'floor', matching: 'all', rules: all } as const;
      earnByPurchase(compileRules(programme), { atMs: 0, order }, customer);
    }),
    { numRuns: 300 },
  );
});

test('a week may lie in two months, quarters, halves or years: its cap may be up to twice theirs', () => {
  const capsOf = (week: number, per: CapPeriod): string[] =>
    found(
      rule({
        caps: {
          perCustomer: [
            { limit: week, unit: 'points', per: 'week' },
            { limit: 50, unit: 'points', per },
          ],
          beyond: 'reduce',
        },
      }),
    );
  const useless = ['/rules/0/caps/perCustomer/0/limit is never reached: a lower cap holds for as long or longer'];
  for (const per of ['month', 'quarter', 'half', 'year'] as const) {
    expect(capsOf(60, per)).toEqual([]);
    expect(capsOf(100, per)).toEqual([]);
    expect(capsOf(101, per)).toEqual(useless);
  }
  expect(capsOf(60, 'forever')).toEqual(useless);
});

test('conditions name tiers of the programme, wherever they stand', () => {
  const named = rule({ when: { not: { any: [{ kind: 'customer_tier', in: ['silver', 'sliver'] }] } } });
  const told = (tiers?: string[]) => problemsOf([named], { ...ZONE, tiers }).map(({ path }) => path);
  expect(told(['silver'])).toEqual(['/rules/0/when/not/any/0/in/1']);
  expect(told([])).toEqual(['/rules/0/when/not/any/0/in/0', '/rules/0/when/not/any/0/in/1']);
  expect(told()).toEqual([]);
});

test('a lifecycle state is no segment that is told: what asks for it is named in its place', () => {
  const told = 'is a lifecycle state, which is never told as a segment: use';
  expect(found(rule({ trigger: { on: 'segment_entered', segmentId: 'lifecycle:new' } }))).toEqual([
    `/rules/0/trigger/segmentId ${told} lifecycle_entered`,
  ]);
  expect(when({ not: { any: [{ kind: 'customer_segment', in: ['vip', 'lifecycle:at_risk'] }] } })).toEqual([
    `/rules/0/when/not/any/0/in/1 ${told} customer_lifecycle`,
  ]);
  expect(found(rule({ trigger: { on: 'segment_entered', segmentId: 'vip' } }))).toEqual([]);
});

test('what lies just at a limit is let pass, what is beyond it is not', () => {
  const multiplier = (numerator: number, denominator: number, more: object = {}) =>
    found(rule({ effect: { kind: 'multiplier', numerator, denominator }, ...more }));
  expect(multiplier(500, 5)).toEqual([]);
  expect(multiplier(501, 5)).toEqual(['/rules/0/effect/numerator makes it more than 100']);
  const apart = { caps: { perOrder: 5, beyond: 'reduce' } };
  expect(multiplier(6, 5, apart)).toEqual([]);
  expect(multiplier(5, 5, apart)[0]).toContain('/rules/0/effect/numerator must be above the denominator');

  const capped = (caps: object) => found(rule({ caps: { beyond: 'reject', ...caps } }));
  expect(capped({ perOrder: 5 })).toEqual([]);
  expect(capped({ perCustomer: [{ limit: 5, unit: 'points', per: 'day' }] })).toEqual([]);
  const periods: CapPeriod[] = ['day', 'week', 'month', 'quarter', 'half', 'year'];
  const list = periods.map((per, i) => ({ limit: 10 ** (i + 1), unit: 'awards', per }));
  expect(capped({ budget: list.slice(1) })).toEqual([]);
  expect(capped({ budget: list })).toEqual(['/rules/0/caps/budget has more than 5 caps (MAX_CAPS)']);

  const dates = (from: string, until: string) => when({ kind: 'dates', from, until });
  expect(dates('1405-01-31', '1405-01-31')).toEqual([]);
  expect(dates('1405-01-31', '1405-01-30')).toEqual(['/rules/0/when/until must not be before from']);
});

test('a multiplier of what another interaction brings, and lines of what has none, would never count', () => {
  const interaction = (interactionType: string) => ({ on: 'interaction', interactionType });
  const visit = rule({ id: 'visit', trigger: interaction('store.visited') });
  const double = (interactionType: string) =>
    found(
      visit,
      rule({
        ...{ id: 'double', order: 1, trigger: interaction(interactionType) },
        effect: { kind: 'multiplier', numerator: 2, denominator: 1, of: ['visit'] },
      }),
    );
  expect(double('store.visited')).toEqual([]);
  expect(double('page.viewed')).toEqual(['/rules/1/effect/of/0 has another trigger']);
  for (const kind of ['lines_amount', 'lines_quantity'])
    expect(
      when(
        { kind, lines: {}, ...(kind === 'lines_amount' ? { currency: 'EUR', atLeastMinor: 5 } : { atLeast: 5 }) },
        { trigger: { on: 'birthday' } },
      ),
    ).toEqual(['/rules/0/when/kind asks about an order, which only purchases have']);
});
