/** Purchases, refunds and interactions of a few customers, as tests make them up. `order` is the place in `orders`. */
export interface Given {
  orders: { customer: string; currency: string; day: number; totalMinor: number; lines: GivenLine[] }[];
  refunds: {
    customer: string;
    currency: string;
    day: number;
    order: number | undefined;
    scope: 'whole' | 'amount' | 'lines';
    amountMinor: number;
    lines: GivenLine[];
  }[];
  interactions: { customer: string; day: number }[];
}

interface GivenLine {
  sku: string;
  quantity: number;
  amountMinor: number;
}

const DAY_SECONDS = 86_400;

/**
 * What must be on record of a customer, counted anew from everything that happened, in the plainest way: things are taken
 * back one by one. Shares nothing with the service but the rules.
 */
export const recount = (
  given: Given,
  customer: string,
  {
    run,
    timeOf,
    now,
    isKnown,
  }: { run: string; timeOf: (day: number) => Temporal.Instant; now: Temporal.Instant; isKnown: boolean },
) => {
  const id = (i: number) => `${run}o${i}`;
  const orders = given.orders
    .map((order, i) => ({
      ...order,
      id: id(i),
      things: order.lines.flatMap(({ sku, quantity }) => Array<string>(quantity).fill(sku)),
      money: order.totalMinor,
      whole: false,
    }))
    .filter((order) => order.customer === customer)
    .sort((a, b) => a.day - b.day || (a.id < b.id ? -1 : 1));
  const spend = new Map<string, [gross: number, refunded: number]>();
  const add = (currency: string, gross: number, refunded: number): void => {
    const [g, r] = spend.get(currency) ?? [0, 0];
    spend.set(currency, [g + gross, r + refunded]);
  };
  const takeThing = (order: (typeof orders)[number], sku: string): boolean => {
    const at = order.things.indexOf(sku);
    if (at >= 0) order.things.splice(at, 1);
    return at >= 0;
  };
  const pay = (order: (typeof orders)[number], amount: number): number => {
    const paid = Math.min(order.money, amount);
    order.money -= paid;
    add(order.currency, 0, paid);
    return amount - paid;
  };

  const refunds = given.refunds
    .map((refund, i) => ({ ...refund, id: `${run}r${i}` }))
    .filter((refund) => refund.customer === customer && !(refund.scope === 'whole' && refund.order === undefined))
    .sort((a, b) => a.day - b.day || (a.id < b.id ? -1 : 1));
  for (const refund of refunds) {
    const candidates = orders.filter((order) =>
      refund.order === undefined
        ? order.day <= refund.day && order.currency === refund.currency
        : order.id === id(refund.order) && order.currency === refund.currency,
    );
    if (refund.order !== undefined) {
      const [order] = candidates;
      if (!order) continue;
      if (refund.scope === 'whole') {
        pay(order, order.money);
        order.things = [];
        order.whole = true;
      } else if (refund.scope === 'amount') pay(order, refund.amountMinor);
      else {
        pay(
          order,
          refund.lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0),
        );
        for (const { sku, quantity } of refund.lines) for (let n = 0; n < quantity; n++) takeThing(order, sku);
      }
    } else if (refund.scope === 'amount') {
      add(
        refund.currency,
        0,
        candidates.toReversed().reduce((rest, order) => pay(order, rest), refund.amountMinor),
      );
    } else {
      for (const { sku, quantity, amountMinor } of refund.lines) {
        let missing = quantity;
        let share = amountMinor;
        for (const order of candidates.toReversed()) {
          let taken = 0;
          while (missing > 0 && takeThing(order, sku)) {
            taken += 1;
            missing -= 1;
          }
          if (taken === 0) continue;
          const part = missing === 0 ? share : Math.floor((amountMinor * taken) / quantity);
          share -= part;
          add(refund.currency, 0, pay(order, part));
        }
        add(refund.currency, 0, share);
      }
    }
  }

  for (const order of orders) add(order.currency, order.totalMinor, 0);
  const gone = orders.filter(
    (order) => order.whole || (order.totalMinor > 0 && order.money === 0) || order.things.length === 0,
  );
  const counting = orders.filter((order) => !gone.includes(order));
  const seconds = (day: number | undefined) => (day === undefined ? null : timeOf(day).epochMilliseconds / 1000);
  const interactions = given.interactions.filter((each) => each.customer === customer);
  const [last, previous] = counting.toReversed().map(({ day }) => day);
  const facts = {
    spend: [...spend]
      .filter(([, [gross, refunded]]) => gross > 0 || refunded > 0)
      .sort()
      .map(([currency, sums]) => [currency, ...sums]),
    voids: gone.map((order) => order.id).sort(),
  };
  if (!isKnown) return facts;
  return {
    ...facts,
    orders: counting.length,
    items: counting.reduce((sum, { things }) => sum + things.length, 0),
    interactions: interactions.length,
    state: stateByHand(counting.length, seconds(last), seconds(previous), now),
    first: seconds(counting[0]?.day),
    previous: seconds(previous),
    last: seconds(last),
    interaction: interactions.length > 0 ? seconds(Math.max(...interactions.map(({ day }) => day))) : null,
  };
};

const stateByHand = (orders: number, last: number | null, previous: number | null, now: Temporal.Instant): string => {
  if (last === null) return 'prospect';
  const silentDays = (now.epochMilliseconds / 1000 - last) / DAY_SECONDS;
  if (silentDays > 240) return 'churned';
  if (silentDays > 120) return 'dormant';
  if (silentDays > 60) return 'at_risk';
  if (previous !== null && (last - previous) / DAY_SECONDS > 120) return 'won_back';
  if (orders >= 5) return 'loyal';
  return orders === 1 ? 'new' : 'active';
};
