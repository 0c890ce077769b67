import { present } from '@vafa/kernel';
import { moneyFor, type PointValue } from './points-payment.ts';
import type { Award } from './rules/award.ts';
import { type Counter, count } from './rules/caps.ts';
import type { CompiledRules } from './rules/compile.ts';
import { capEarned, type Earned } from './rules/earned.ts';
import { earnByPurchase } from './rules/evaluate.ts';
import type { CustomerFacts, OrderFacts } from './rules/facts.ts';

/**
 * What an order earns by compiled rules, caps included, without booking it. `counters` stand for what was earned before and
 * are counted on.
 * @throws AppError rejected `ledger.points_out_of_range`
 */
export const tryOrder = (
  rules: CompiledRules,
  order: OrderFacts,
  who: { customerId: string; facts: CustomerFacts | undefined; atMs: number },
  counters: Map<string, Counter>,
): Pick<Earned, 'awards' | 'note' | 'cappedAway'> => {
  const { counted, ...earned } = earnByPurchase(rules, { atMs: who.atMs, order }, who.facts);
  if (counted === undefined) return earned;
  const { increments, ...left } = capEarned(counted, who.customerId, rules.periodStartsAt(who.atMs), counters);
  count(counters, increments);
  return left;
};

/** An order of the past, as a replay reads it. */
export interface PastPurchase {
  orderId: string;
  customerId: string;
  occurredAtMs: number;
  order: OrderFacts;
  /** What it earned when it was booked, refunds left aside. */
  pointsEarned: number;
  /** False: it was kept before details (category, brand, labels, store, channel) were, or had none. */
  hasDetails: boolean;
}

/** Orders of one currency. */
export interface CurrencySums {
  orders: number;
  turnoverMinor: number;
  booked: number;
  draft: number;
}

export interface RuleSums {
  orders: number;
  points: number;
}

/** How many customers the draft gives more to, less, or the same. */
export interface CustomerSums {
  up: number;
  down: number;
  same: number;
}

/** The sums of a replay as far as it has come; goes to JSON and back between portions. */
export interface Tally {
  orders: number;
  ordersWithoutDetails: number;
  /** Orders that would earn more than can be counted, and were left out. */
  ordersOutOfRange: number;
  currencies: [currency: string, sums: CurrencySums][];
  rules: [ruleId: string, sums: RuleSums][];
  customers: CustomerSums;
  /** The customer whose orders are being read, and what caps of everybody have counted. */
  current: { customerId: string; booked: number; draft: number; counters: Counter[] } | null;
  budgets: Counter[];
}

export const emptyTally = (): Tally => ({
  orders: 0,
  ordersWithoutDetails: 0,
  ordersOutOfRange: 0,
  currencies: [],
  rules: [],
  customers: { up: 0, down: 0, same: 0 },
  current: null,
  budgets: [],
});

const countCustomer = (customers: CustomerSums, { booked, draft }: { booked: number; draft: number }): void => {
  if (draft > booked) customers.up += 1;
  else if (draft < booked) customers.down += 1;
  else customers.same += 1;
};

const counterMap = (counters: readonly Counter[]): Map<string, Counter> => {
  const map = new Map<string, Counter>();
  count(map, counters);
  return map;
};

/** A tally that can be added to. */
export interface OpenTally {
  add(purchase: PastPurchase, facts: CustomerFacts | undefined): void;
  /** What is to be kept between portions. */
  close(): Tally;
}

/**
 * Goes on with a tally. Orders come customer by customer, each customer's by time: so what caps count of one customer is
 * right, and a customer is counted once.
 */
export const openTally = (rules: CompiledRules, kept: Tally, isOutOfRange: (error: unknown) => boolean): OpenTally => {
  const currencies = new Map(kept.currencies.map(([currency, sums]) => [currency, { ...sums }]));
  const byRule = new Map(kept.rules.map(([ruleId, sums]) => [ruleId, { ...sums }]));
  const customers = { ...kept.customers };
  const sums = { ...kept };
  const budgets = counterMap(kept.budgets);
  let current = kept.current;
  let counters = counterMap([...(kept.current?.counters ?? []), ...kept.budgets]);

  const splitCounters = (): { own: Counter[]; all: Counter[] } => {
    const known = [...counters.values()];
    return {
      own: known.filter(({ customerId }) => customerId === current?.customerId),
      all: known.filter(({ customerId }) => customerId !== current?.customerId),
    };
  };
  const turnTo = (customerId: string): void => {
    if (current?.customerId === customerId) return;
    if (current) {
      countCustomer(customers, current);
      const { all } = splitCounters();
      budgets.clear();
      count(budgets, all);
    }
    current = { customerId, booked: 0, draft: 0, counters: [] };
    counters = new Map([...budgets].map(([name, counter]) => [name, { ...counter }]));
  };

  return {
    add: (purchase, facts) => {
      const { customerId, occurredAtMs, order, pointsEarned } = purchase;
      turnTo(customerId);
      const customer = present(current, 'customer being read');
      sums.orders += 1;
      if (!purchase.hasDetails) sums.ordersWithoutDetails += 1;
      let awards: Award[] = [];
      try {
        awards = tryOrder(rules, order, { customerId, facts, atMs: occurredAtMs }, counters).awards;
      } catch (error) {
        if (!isOutOfRange(error)) throw error;
        sums.ordersOutOfRange += 1;
      }
      const points = awards.reduce((sum, award) => sum + award.points, 0);
      customer.booked += pointsEarned;
      customer.draft += points;
      const currency = currencies.get(order.currency) ?? { orders: 0, turnoverMinor: 0, booked: 0, draft: 0 };
      currency.orders += 1;
      currency.turnoverMinor += order.totalMinor;
      currency.booked += pointsEarned;
      currency.draft += points;
      currencies.set(order.currency, currency);
      for (const award of awards) {
        const rule = byRule.get(award.ruleId) ?? { orders: 0, points: 0 };
        rule.orders += 1;
        rule.points += award.points;
        byRule.set(award.ruleId, rule);
      }
    },
    close: () => {
      const { own, all } = splitCounters();
      return {
        ...sums,
        currencies: [...currencies],
        rules: [...byRule],
        customers,
        current: current && { ...current, counters: own },
        budgets: all,
      };
    },
  };
};

/** What a replay found. Costs are minor units of the currency; null where the draft names no value of points in it. */
export interface ReplayResult {
  orders: number;
  ordersWithoutDetails: number;
  ordersOutOfRange: number;
  points: { booked: number; draft: number };
  byCurrency: (CurrencySums & { currency: string; bookedCostMinor: number | null; draftCostMinor: number | null })[];
  byRule: (RuleSums & { ruleId: string })[];
  customers: CustomerSums;
}

/** The figures of a tally, as far as it has come. */
export const resultOf = (tally: Tally, values: readonly PointValue[]): ReplayResult => {
  const customers = { ...tally.customers };
  if (tally.current) countCustomer(customers, tally.current);
  const byCurrency = tally.currencies
    .map(([currency, sums]) => {
      const value = values.find((each) => each.currency === currency);
      return {
        currency,
        ...sums,
        bookedCostMinor: value ? moneyFor(sums.booked, value) : null,
        draftCostMinor: value ? moneyFor(sums.draft, value) : null,
      };
    })
    .sort((a, b) => b.turnoverMinor - a.turnoverMinor);
  const sumOf = (pick: (sums: CurrencySums) => number): number =>
    tally.currencies.reduce((sum, [, sums]) => sum + pick(sums), 0);
  return {
    orders: tally.orders,
    ordersWithoutDetails: tally.ordersWithoutDetails,
    ordersOutOfRange: tally.ordersOutOfRange,
    points: { booked: sumOf(({ booked }) => booked), draft: sumOf(({ draft }) => draft) },
    byCurrency,
    byRule: tally.rules.map(([ruleId, sums]) => ({ ruleId, ...sums })).sort((a, b) => b.points - a.points),
    customers,
  };
};
