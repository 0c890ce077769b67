import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { expectBooksToAgree, IRAN } from '../test/finance-books.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  // 10 Mehr 1405, 11:30 in Tehran.
  ledger = await startLedger(IRAN, { now: '2026-10-02T08:00:00Z' });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const now = () => ledger.clock.now().toString();
const buy = (customer: string, order: string, points: number, time = now()) =>
  ledger.publish([purchase(customer, order, points * 100, { time })]);
const spend = async (customer: string, points: number, orderId?: string) => {
  const held = await ledger.call('POST', `/v1/customers/${customer}/reservations`, { points, orderId });
  if (held.statusCode !== 201) return false;
  return (await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`)).statusCode === 200;
};
const booksAgree = (from: string, to: string) => expectBooksToAgree(ledger, from, to);

/** Points wait two days, what paid for a refunded order comes back in part, and there is a tier to be reached. */
const EVERYTHING = {
  ...IRAN,
  returns: { policy: 'allow_negative', spentPoints: 'proportional' },
  activation: { kind: 'after', amount: 2, unit: 'days' },
  tiers: {
    metric: { kind: 'points_earned' },
    window: { kind: 'rolling', months: 12 },
    levels: [
      { id: 'base', name: { en: 'Base', fa: 'پایه' }, threshold: 0, benefits: { rewards: [] } },
      { id: 'gold', name: { en: 'Gold', fa: 'طلایی' }, threshold: 60, benefits: { rewards: [] } },
    ],
    validity: { kind: 'while_earned' },
    graceDays: 0,
    downgrade: 'to_earned',
    atRiskDays: 0,
  },
};

const who = fc.nat(2);

const points = fc.integer({ min: 1, max: 60 });

const deed = <const Kind extends string, Fields extends object>(
  weight: number,
  kind: Kind,
  fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
) => ({ weight, arbitrary: fc.record(fields).map((drawn) => ({ kind, ...(drawn as Fields) })) });

const operation = fc.oneof(
  deed(6, 'buy', { who, points, ageDays: fc.constantFrom(0, 0, 3, 3, 20, 70) }),
  deed(4, 'refund', { which: fc.nat(3), amount: fc.integer({ min: 1, max: 4_000 }) }),
  deed(6, 'spend', { who, points, order: fc.nat(3) }),
  deed(1, 'hold', { who, points }),
  deed(1, 'adjust', { who, points: fc.integer({ min: -20, max: 20 }).filter((n) => n !== 0) }),
  deed(1, 'give', { who, to: who, points }),
  deed(3, 'wait', { days: fc.integer({ min: 1, max: 25 }) }),
  /** To ten minutes after the end of the month: its last day is not closed yet. */
  deed(2, 'month', {}),
  deed(1, 'merge', { who, into: who }),
  deed(1, 'erase', { who }),
);

type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

const monthNow = (): string => {
  const date = ledger.clock.now().toZonedDateTimeISO('Asia/Tehran').withCalendar('persian');
  return `${date.year}-${String(date.month).padStart(2, '0')}`;
};

/** One random history; names of its own, so that histories share a book. */
const createHistory = (run: number) => {
  const name = (each: number): string => `r${run}-${each}`;
  const orders: [customer: string, order: string][] = [];
  const orderAt = (which: number) => orders[which % Math.max(1, orders.length)];
  const tell = (make: typeof CustomerMerged | typeof CustomerErased, data: object) =>
    ledger.publish([event(make as typeof CustomerMerged, { id: newId(), source: '/t', time: now() }, data as never)]);
  return async (op: Operation): Promise<void> => {
    switch (op.kind) {
      case 'buy': {
        const order = `r${run}-o${orders.length}`;
        orders.push([name(op.who), order]);
        const at = ledger.clock.now().subtract({ hours: 24 * op.ageDays });
        return buy(name(op.who), order, op.points, at.toString());
      }
      case 'refund': {
        const [customer, orderId] = orderAt(op.which) ?? [];
        if (!customer || !orderId) return;
        const part = { scope: 'amount', orderId, amountMinor: op.amount, time: now() } as const;
        return ledger.publish([refund(customer, newId(), part)]);
      }
      case 'spend': {
        const [, orderId] = orderAt(op.order) ?? [];
        const { active } = await ledger.balance(name(op.who));
        if (active > 0) await spend(name(op.who), Math.min(op.points, active), orderId);
        return;
      }
      case 'hold':
        await ledger.call('POST', `/v1/customers/${name(op.who)}/reservations`, {
          points: op.points,
          ttlSeconds: 86_400,
        });
        return;
      case 'adjust':
        await ledger.call('POST', `/v1/customers/${name(op.who)}/adjustments`, { points: op.points, reason: 'test' });
        return;
      case 'give':
        await ledger.call('POST', `/v1/customers/${name(op.who)}/transfers`, {
          toCustomerId: name(op.to),
          points: op.points,
          reason: 'test',
        });
        return;
      case 'wait':
        ledger.clock.advance(`P${op.days}D`);
        return;
      case 'month': {
        const today = ledger.clock.now().toZonedDateTimeISO(IRAN.timeZone).withCalendar(IRAN.calendar);
        const next = today.with({ day: 1 }).startOfDay().add({ months: 1 });
        ledger.clock.set(next.add({ minutes: 10 }).toInstant());
        return;
      }
      case 'merge':
        return tell(CustomerMerged, { customerId: name(op.who), intoCustomerId: name(op.into) });
      case 'erase':
        return tell(CustomerErased, { customerId: name(op.who) });
    }
  };
};

test('random histories: the books agree with entries, balances and lots, before and after closing', async () => {
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...EVERYTHING })).statusCode).toBe(200);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 8, maxLength: 20, size: 'max' }), async (operations) => {
      run += 1;
      const play = createHistory(run);
      for (const op of operations) {
        await play(op);
        await ledger.settle();
      }
      await booksAgree('1405-07', monthNow());
      ledger.clock.advance('P2D');
      await ledger.settle();
      await booksAgree('1405-07', monthNow());
    }),
    { numRuns: 8, endOnFailure: true },
  );
  await ledger.verify();
  const kinds = await ledger.sql('ledger')<{ kind: string }[]>`select distinct kind from transfer order by kind`;
  expect(kinds.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['activate', 'earn', 'redeem']));
}, 240_000);
