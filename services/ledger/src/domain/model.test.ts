import { AppError, assert, newId, present } from '@vafa/kernel';
import fc from 'fast-check';
import { test } from 'vitest';
import { PROGRAMME } from '../test/events.fixture.ts';
import { activationOf, compare, type Scenario, scenario, type World } from '../test/operations.fixture.ts';
import { rulesOf } from '../use-cases/current-programme.ts';
import { readBatch } from '../use-cases/read-batch.ts';
import { type Account, assertBalanced, emptyAccount } from './account.ts';
import { settlePending } from './activate.ts';
import { type Allocation, addAccounts, addLots, type Book, createBook } from './book.ts';
import { credit } from './credit.ts';
import { give } from './gift.ts';
import type { Payment } from './give-back.ts';
import type { Lot } from './lot.ts';
import { capEntries } from './new-entries.ts';
import type { Order } from './order.ts';
import type { RefundCase } from './plan.ts';
import { bookPlan, newRefundCase, planSteps } from './plan.ts';
import { capture, hold, type Reservation, release, requireOpen } from './reservation.ts';
import type { Counter } from './rules/caps.ts';
import type { CustomerFacts } from './rules/facts.ts';
import { debit, expireDue } from './spend.ts';
import { atOnce } from './terms.ts';
import { signedPoints, type Transfer } from './transfer.ts';

const refusedAs = <Result>(work: () => Result): Result | undefined => {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
};

/** The domain with plain maps in the place of tables. */
const domainWorld = ({ policy, spentPoints, waitHours, rules: earning, matching }: Scenario): World => {
  const accounts = new Map<string, Account>();
  const lots: Lot[] = [];
  const transfers: Transfer[] = [];
  const orders = new Map<string, Order>();
  const refunds = new Set<string>();
  let waiting: RefundCase[] = [];
  const reservations = new Map<string, { reservation: Reservation; allocations: Allocation[] }>();
  const payments: Payment[] = [];
  const returns = { policy, spentPoints };
  const activation = activationOf(waitHours);
  const programme = { ...PROGRAMME, returns, version: 1, activation, rules: earning, matching };
  const facts = new Map<string, CustomerFacts>();
  const counters = new Map<string, Counter>();
  let rules = rulesOf(programme);
  let now = Temporal.Instant.fromEpochMilliseconds(0);

  const account = (id: string): Account => {
    const found = accounts.get(id) ?? emptyAccount(id);
    accounts.set(id, found);
    return found;
  };
  const withBook = <Result>(work: (book: Book) => Result): Result => {
    const book = createBook('api', now);
    addAccounts(book, accounts.values());
    addLots(book, lots);
    const result = work(book);
    accounts.forEach(assertBalanced);
    lots.push(...book.newLots);
    transfers.push(...book.transfers);
    assert(new Set(transfers.map(({ id }) => id)).size === transfers.length, 'no two transfers have one id');
    return result;
  };
  /** Deeds refuse before they change anything but expiry, which is undone with the transaction. */
  const available = (id: string): number =>
    lots
      .filter((lot) => lot.customerId === id && (lot.expiresAtMs === null || lot.expiresAtMs > now.epochMilliseconds))
      .reduce((sum, { remaining }) => sum + remaining, 0);

  return {
    setNow: async (instant) => {
      now = instant;
    },
    publish: async (events) => {
      const batch = readBatch(events, rules, (id) => id, now.epochMilliseconds, facts);
      const fresh = batch.steps.filter((step) =>
        step.kind === 'purchase' ? !orders.has(step.purchase.order.orderId) : !refunds.has(step.case.refund.refundId),
      );
      for (const { data } of events) account(data.customerId);
      withBook((book) => {
        for (const step of fresh) if (step.kind === 'purchase') capEntries(step.purchase, rules.compiled, counters);
        const plan = planSteps(fresh, orders.values(), waiting);
        bookPlan(book, plan, returns, payments);
      });
      for (const step of fresh) {
        if (step.kind === 'purchase') orders.set(step.purchase.order.orderId, step.purchase.order);
        else refunds.add(step.case.refund.refundId);
      }
      const cases = [...waiting, ...fresh.flatMap((step) => (step.kind === 'refund' ? [step.case] : []))];
      waiting = cases.filter(({ status }) => status === 'waiting').map(({ refund }) => newRefundCase(refund));
    },
    reserve: async (customerId, points, ttlSeconds, orderId) => {
      if (available(customerId) < points) return undefined;
      const id = newId();
      const expiresAtMs = now.epochMilliseconds + ttlSeconds * 1_000;
      const reservation: Reservation = {
        id,
        customerId,
        points,
        captured: 0,
        orderId: orderId ?? null,
        status: 'held',
        expiresAtMs,
      };
      return withBook((book) => {
        expireDue(book, account(customerId));
        reservations.set(id, { reservation, allocations: hold(book, account(customerId), reservation) });
        return id;
      });
    },
    capture: async (id, points) => {
      const { reservation, allocations } = present(reservations.get(id), 'reservation');
      const references = { occurredAt: now.toString(), actor: 'test' };
      const { customerId, orderId } = reservation;
      const captured = refusedAs(() =>
        withBook((book) => capture(book, account(customerId), reservation, allocations, points, references)),
      );
      if (captured && orderId !== null) {
        const capturedAtMs = now.epochMilliseconds;
        payments.push({
          reservationId: id,
          customerId,
          orderId,
          captured: points,
          givenBack: 0,
          capturedAtMs,
          allocations,
        });
      }
      return captured !== undefined;
    },
    release: async (id) => {
      const { reservation, allocations } = present(reservations.get(id), 'reservation');
      return (
        refusedAs(() => {
          requireOpen(reservation, now.epochMilliseconds);
          withBook((book) => release(book, account(reservation.customerId), reservation, allocations, 'released'));
          return true;
        }) ?? false
      );
    },
    adjust: async (customerId, points) => {
      if (available(customerId) < -points) return false;
      const posting = { kind: 'adjust' as const, points, occurredAt: now.toString(), naturalKey: [newId()] };
      withBook((book) => {
        expireDue(book, account(customerId));
        if (points > 0) credit(book, account(customerId), posting, atOnce(rules.expiryOf(now.epochMilliseconds)));
        else debit(book, account(customerId), posting);
      });
      return true;
    },
    give: async (from, to, points) => {
      if (available(from) < points) return false;
      const gift = { id: newId(), points, occurredAt: now.toString(), actor: 'test', reason: 'test' };
      withBook((book) => {
        const [giver, receiver] = [account(from), account(to)];
        addAccounts(book, [giver, receiver]);
        expireDue(book, giver);
        give(book, giver, receiver, gift);
      });
      return true;
    },
    know: async (customerId, known) => {
      facts.set(customerId, known);
    },
    setExpiry: async (days) => {
      rules = rulesOf({ ...programme, expiresAfterDays: days });
    },
    sweep: async () => {
      withBook((book) => {
        for (const { reservation, allocations } of reservations.values())
          if (reservation.status === 'held' && reservation.expiresAtMs <= now.epochMilliseconds)
            release(book, account(reservation.customerId), reservation, allocations, 'timed_out');
        for (const each of accounts.values()) settlePending(book, each);
        for (const each of accounts.values()) expireDue(book, each);
      });
    },
    state: async (customerId) => {
      const { active, pending, reserved, deficit } = accounts.get(customerId) ?? emptyAccount(customerId);
      const own = transfers.filter((each) => each.customerId === customerId);
      const born = new Map(own.map(({ id, occurredAt }) => [id, Date.parse(occurredAt)]));
      return {
        active,
        pending,
        reserved,
        deficit,
        entries: own.map((each) => [each.kind, signedPoints(each), each.balanceAfter]),
        lots: lots
          .filter((lot) => lot.customerId === customerId)
          .sort((a, b) => (born.get(a.id) ?? 0) - (born.get(b.id) ?? 0))
          .map((lot) => [lot.granted, lot.remaining, lot.pending, lot.expired, lot.waived, lot.absorbed]),
      };
    },
  };
};

test('the domain does what the slow and obvious ledger does', async () => {
  const startMs = Temporal.Instant.from('2026-03-20T09:30:00Z').epochMilliseconds;
  await fc.assert(
    fc.asyncProperty(scenario, (drawn) => compare(domainWorld(drawn), drawn, '', startMs)),
    { numRuns: 1_500 },
  );
}, 120_000);
