import { present } from '@vafa/kernel';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerMerged, redemptions } from '../test/redemption.fixture.ts';

/** Random deeds against the service and against a model as simple as can be; both must answer alike and end alike. */
let ledger: LedgerHarness;
const { ok, earn, addReward, addPool, claim, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  // Longer than any run lasts: it tells the order of spending.
  ledger = await startLedger({ expiresAfterDays: 900 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

/** The lots of a customer, as [granted, spendable], the smaller before the larger. */
const lotsOf = async (customerId: string): Promise<number[][]> => {
  const { lots } = await ok('GET', `/v1/customers/${customerId}/lots?state=all&limit=200`);
  return lots
    .map(({ granted, remaining }: { granted: number; remaining: number }) => [granted, remaining])
    .toSorted(([a]: number[], [b]: number[]) => (a as number) - (b as number));
};

type Entry = [kind: string, points: number];
/** The entries of a customer from the first on, with the balance after each. */
const statementOf = async (customerId: string): Promise<(string | number)[][]> => {
  const { entries } = await ok('GET', `/v1/customers/${customerId}/statement?order=oldest_first&limit=200`);
  return entries.map(({ kind, points, balanceAfter }: { kind: string; points: number; balanceAfter: number }) => [
    kind,
    points,
    balanceAfter,
  ]);
};
const withBalances = (entries: readonly Entry[]): (string | number)[][] => {
  let balance = 0;
  return entries.map(([kind, points]) => {
    balance += points;
    return [kind, points, balance];
  });
};

const CUSTOMERS = ['a', 'b', 'c'];
const RUNS = 10;
const HOLD_SECONDS = 60;

type CouponDeed =
  | { deed: 'redeem' | 'hold'; order: number; customer: number; codes: number[] }
  | { deed: 'confirm' | 'release'; order: number }
  | { deed: 'merge'; pair: [number, number] }
  | { deed: 'wait' };

const couponDeed: fc.Arbitrary<CouponDeed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      deed: fc.constantFrom('redeem' as const, 'hold' as const),
      order: fc.integer({ min: 0, max: 9 }),
      customer: fc.integer({ min: 0, max: 2 }),
      codes: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      deed: fc.constantFrom('confirm' as const, 'release' as const),
      order: fc.integer({ min: 0, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      deed: fc.constant('merge' as const),
      pair: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ deed: 'wait' as const }) },
);

interface ModelOrder {
  status: 'reserved' | 'redeemed' | 'released' | 'timed_out';
  customer: string;
  codes: string[];
}

test('coupons: any order of redeeming, holding, confirming, giving back, merging and waiting ends as the model says', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(couponDeed, { minLength: 5, maxLength: 40, size: 'max' }), async (deeds) => {
      run += 1;
      const maxUses = [1, 1, 2, 4];
      const codes = maxUses.map((_, i) => `RUN${run}CODE${i}`);
      const perCustomer = 2;
      // The first two are of one pool with a limit per customer, each other one of its own.
      await addPool({ perCustomer }, { codes: codes.slice(0, 2), usesPerCode: 1 });
      await addPool({}, { codes: codes.slice(2, 3), usesPerCode: 2 });
      await addPool({}, { codes: codes.slice(3, 4), usesPerCode: 4 });
      const orders = new Map<string, ModelOrder>();
      const customers = CUSTOMERS.map((name) => `coupons-${run}-${name}`);
      const mergedInto = new Map<string, string>();
      const ownerOf = (customer: string): string => mergedInto.get(customer) ?? customer;
      // Merged is who has an account: of others nothing is known that could go to another.
      await earn(1, ...customers);
      const books = new Map(customers.map((each): [string, Entry[]] => [each, [['earn', 1]]]));
      const bookOf = (customer: string): Entry[] => present(books.get(customer), 'book');
      const pointsOf = (customer: string): number => bookOf(customer).reduce((sum, [, points]) => sum + points, 0);
      const merge = async (from: string, into: string): Promise<void> => {
        await ledger.send(customerMerged(from, into));
        if (mergedInto.has(from) || ownerOf(into) === from) return;
        const points = pointsOf(from);
        bookOf(from).push(['transfer_out', -points]);
        bookOf(ownerOf(into)).push(['transfer_in', points]);
        for (const each of customers) if (ownerOf(each) === from) mergedInto.set(each, ownerOf(into));
        for (const order of orders.values()) order.customer = ownerOf(order.customer);
      };
      const live = (): ModelOrder[] =>
        [...orders.values()].filter(({ status }) => status === 'reserved' || status === 'redeemed');
      const usesOf = (code: string): number => live().filter((order) => order.codes.includes(code)).length;
      const limited = (customer: string): number =>
        live()
          .filter((order) => order.customer === customer)
          .flatMap((order) => order.codes)
          .filter((code) => codes.indexOf(code) < 2).length;
      const fits = (customer: string, wanted: readonly string[]): boolean =>
        wanted.every((code) => usesOf(code) < present(maxUses[codes.indexOf(code)], 'uses')) &&
        limited(customer) + wanted.filter((code) => codes.indexOf(code) < 2).length <= perCustomer;

      for (const each of deeds) {
        if (each.deed === 'wait') {
          ledger.clock.advance({ seconds: HOLD_SECONDS });
          await ledger.settle();
          for (const order of orders.values()) if (order.status === 'reserved') order.status = 'timed_out';
          continue;
        }
        if (each.deed === 'merge') {
          const [from, into] = each.pair.map((i) => present(customers[i], 'customer')) as [string, string];
          await merge(from, into);
          continue;
        }
        const orderId = `run-${run}-${each.order}`;
        const known = orders.get(orderId);
        if (!('codes' in each)) {
          const deed = each.deed === 'confirm' ? 'redeem' : 'release';
          const answer = await ledger.call('POST', `/v1/coupons/redemptions/${orderId}/${deed}`);
          const open = known?.status === 'reserved' || known?.status === 'redeemed';
          expect(answer.statusCode).toBe(!known ? 404 : open ? 200 : 409);
          if (known && open) known.status = each.deed === 'confirm' ? 'redeemed' : 'released';
          continue;
        }
        const named = present(customers[each.customer], 'customer');
        const customer = ownerOf(named);
        const wanted = each.codes.map((i) => present(codes[i], 'code'));
        const more = { customerId: named, ...(each.deed === 'hold' ? { holdSeconds: HOLD_SECONDS } : {}) };
        const answer = await redeem(orderId, wanted, more);
        if (known && (known.status === 'reserved' || known.status === 'redeemed')) {
          const same = known.customer === customer && known.codes.toSorted().join() === wanted.toSorted().join();
          expect(answer.statusCode).toBe(same ? 201 : 409);
          if (same && each.deed === 'redeem') known.status = 'redeemed';
          continue;
        }
        const expected = fits(customer, wanted) ? 201 : 422;
        expect(answer.statusCode, answer.body).toBe(expected);
        if (expected === 201)
          orders.set(orderId, { status: each.deed === 'hold' ? 'reserved' : 'redeemed', customer, codes: wanted });
      }
      for (const code of codes) {
        const holding = live().filter((order) => order.codes.includes(code));
        const reserved = holding.filter(({ status }) => status === 'reserved').length;
        expect(await ok('GET', `/v1/coupons/${code}`)).toMatchObject({ reserved, redeemed: holding.length - reserved });
      }
      for (const [orderId, { status }] of orders)
        expect((await ok('GET', `/v1/coupons/redemptions/${orderId}`)).status).toBe(status);
      // Coupons move no points; a merger brings the lots along, each as it was, and leaves everybody their own history.
      for (const customer of customers) {
        expect(await lotsOf(customer)).toEqual(Array(pointsOf(ownerOf(customer))).fill([1, 1]));
        expect(await statementOf(customer)).toEqual(withBalances(bookOf(customer)));
      }
    }),
    { numRuns: RUNS },
  );
}, 120_000);

type ClaimDeed = { deed: 'claim'; customer: number; reward: number } | { deed: 'cancel'; claim: number };

const claimDeed: fc.Arbitrary<ClaimDeed> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      deed: fc.constant('claim' as const),
      customer: fc.integer({ min: 0, max: 2 }),
      reward: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ deed: fc.constant('cancel' as const), claim: fc.nat() }) },
);

test('rewards: any order of claiming and cancelling leaves points, pieces and codes as the model says', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(claimDeed, { minLength: 5, maxLength: 40, size: 'max' }), async (deeds) => {
      run += 1;
      const customers = CUSTOMERS.map((id) => `model-${run}-${id}`);
      // The smaller lot is spent first: it expires a day before the other.
      const early = Temporal.Instant.from(T0).subtract({ hours: 24 }).toString();
      await ledger.publish(customers.map((id) => purchase(id, `${id}-early`, 2_000, { time: early })));
      await earn(30, ...customers);
      const books = new Map(
        customers.map((each): [string, Entry[]] => [
          each,
          [
            ['earn', 20],
            ['earn', 30],
          ],
        ]),
      );
      const lots = new Map(customers.map((each) => [each, { small: 20, large: 30 }]));
      const enter = (customer: string, ...entry: Entry): void => {
        present(books.get(customer), 'book').push(entry);
      };
      const couponPoolId = await addPool({}, { codes: Array.from({ length: 6 }, (_, i) => `M${run}CODE${i}`) });
      const terms = [
        { costPoints: 7, stock: 5, perCustomer: null, codes: Number.POSITIVE_INFINITY },
        { costPoints: 12, stock: null, perCustomer: 2, codes: Number.POSITIVE_INFINITY },
        { costPoints: 3, stock: 10, perCustomer: null, codes: 6 },
      ];
      const ids: string[] = [];
      for (const { costPoints, stock, perCustomer, codes } of terms)
        ids.push(await addReward({ costPoints, stock, perCustomer, couponPoolId: codes === 6 ? couponPoolId : null }));
      const claims: { id: string; customer: string; reward: number; standing: boolean; ofSmall: number }[] = [];
      const standing = (reward: number, customer?: string) =>
        claims.filter((each) => each.standing && each.reward === reward && (!customer || each.customer === customer));
      const pointsOf = (customer: string): number =>
        claims
          .filter((each) => each.standing && each.customer === customer)
          .reduce((left, { reward }) => left - present(terms[reward], 'reward').costPoints, 50);

      for (const each of deeds) {
        if (each.deed === 'cancel') {
          if (claims.length === 0) continue;
          const target = present(claims[each.claim % claims.length], 'claim');
          const answer = await ledger.call('POST', `/v1/reward-claims/${target.id}/cancel`);
          expect(answer.statusCode, answer.body).toBe(target.standing ? 200 : 409);
          if (target.standing) {
            const { costPoints } = present(terms[target.reward], 'reward');
            const left = present(lots.get(target.customer), 'lots');
            left.small += target.ofSmall;
            left.large += costPoints - target.ofSmall;
            enter(target.customer, 'redeem_reversal', costPoints);
          }
          target.standing = false;
          continue;
        }
        const customer = present(customers[each.customer], 'customer');
        const { costPoints, stock, perCustomer, codes } = present(terms[each.reward], 'reward');
        const possible =
          pointsOf(customer) >= costPoints &&
          standing(each.reward).length < (stock ?? Number.POSITIVE_INFINITY) &&
          standing(each.reward, customer).length < (perCustomer ?? Number.POSITIVE_INFINITY) &&
          // A code that a customer has seen is never given again.
          claims.filter(({ reward }) => reward === each.reward).length < codes;
        const answer = await claim(customer, present(ids[each.reward], 'id'));
        expect(answer.statusCode, answer.body).toBe(possible ? 201 : 422);
        if (!possible) continue;
        const left = present(lots.get(customer), 'lots');
        const ofSmall = Math.min(left.small, costPoints);
        left.small -= ofSmall;
        left.large -= costPoints - ofSmall;
        enter(customer, 'redeem', -costPoints);
        claims.push({ id: answer.json().claimId, customer, reward: each.reward, standing: true, ofSmall });
      }
      for (const customer of customers) {
        expect(await ledger.balance(customer)).toMatchObject({
          active: pointsOf(customer),
          spent: 50 - pointsOf(customer),
          reserved: 0,
        });
        const { small, large } = present(lots.get(customer), 'lots');
        expect(await lotsOf(customer)).toEqual([
          [20, small],
          [30, large],
        ]);
        expect(await statementOf(customer)).toEqual(withBalances(present(books.get(customer), 'book')));
      }
      for (const [i, { stock }] of terms.entries())
        expect((await ok('GET', `/v1/rewards/${ids[i]}`)).stockLeft).toBe(
          stock === null ? null : stock - standing(i).length,
        );
    }),
    { numRuns: RUNS },
  );
}, 120_000);
