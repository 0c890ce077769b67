import { AppError, assert, newId, present } from '@vafa/kernel';
import fc from 'fast-check';
import { test } from 'vitest';
import { PROGRAMME } from '../test/events.fixture.ts';
import { compare, type Scenario, scenario, type World } from '../test/operations.fixture.ts';
import { readBatch } from '../use-cases/read-batch.ts';
import { type Account, assertBalanced, emptyAccount } from './account.ts';
import { type Allocation, addAccounts, addLots, type Book, createBook } from './book.ts';
import { credit } from './credit.ts';
import { createExpiry } from './expiry.ts';
import type { Lot } from './lot.ts';
import type { Order } from './order.ts';
import type { RefundCase } from './plan.ts';
import { bookPlan, newRefundCase, planSteps } from './plan.ts';
import { capture, hold, type Reservation, release, requireOpen } from './reservation.ts';
import { debit, expireDue } from './spend.ts';
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
const domainWorld = ({ policy }: Scenario): World => {
  const accounts = new Map<string, Account>();
  const lots: Lot[] = [];
  const transfers: Transfer[] = [];
  const orders = new Map<string, Order>();
  const refunds = new Set<string>();
  let waiting: RefundCase[] = [];
  const reservations = new Map<string, { reservation: Reservation; allocations: Allocation[] }>();
  const programme = { ...PROGRAMME, returnPolicy: policy, version: 1 };
  let expiryOf = createExpiry(programme);
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
      const batch = readBatch(events, { programme, expiryOf }, (id) => id);
      const fresh = batch.steps.filter((step) =>
        step.kind === 'purchase' ? !orders.has(step.purchase.order.orderId) : !refunds.has(step.case.refund.refundId),
      );
      for (const { data } of events) account(data.customerId);
      withBook((book) => {
        const plan = planSteps(fresh, orders.values(), waiting);
        bookPlan(book, plan, policy);
      });
      for (const step of fresh) {
        if (step.kind === 'purchase') orders.set(step.purchase.order.orderId, step.purchase.order);
        else refunds.add(step.case.refund.refundId);
      }
      const cases = [...waiting, ...fresh.flatMap((step) => (step.kind === 'refund' ? [step.case] : []))];
      waiting = cases.filter(({ status }) => status === 'waiting').map(({ refund }) => newRefundCase(refund));
    },
    reserve: async (customerId, points, ttlSeconds) => {
      if (available(customerId) < points) return undefined;
      const id = newId();
      const expiresAtMs = now.epochMilliseconds + ttlSeconds * 1_000;
      const reservation: Reservation = {
        id,
        customerId,
        points,
        captured: 0,
        orderId: null,
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
      return (
        refusedAs(() =>
          withBook((book) =>
            capture(book, account(reservation.customerId), reservation, allocations, points, references),
          ),
        ) !== undefined
      );
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
        if (points > 0) credit(book, account(customerId), posting, expiryOf(now.epochMilliseconds));
        else debit(book, account(customerId), posting);
      });
      return true;
    },
    setExpiry: async (days) => {
      expiryOf = createExpiry({ ...programme, expiresAfterDays: days });
    },
    sweep: async () => {
      withBook((book) => {
        for (const { reservation, allocations } of reservations.values())
          if (reservation.status === 'held' && reservation.expiresAtMs <= now.epochMilliseconds)
            release(book, account(reservation.customerId), reservation, allocations, 'timed_out');
        for (const each of accounts.values()) expireDue(book, each);
      });
    },
    state: async (customerId) => {
      const { active, reserved, deficit } = accounts.get(customerId) ?? emptyAccount(customerId);
      const own = transfers.filter((each) => each.customerId === customerId);
      const born = new Map(own.map(({ id, occurredAt }) => [id, Date.parse(occurredAt)]));
      return {
        active,
        reserved,
        deficit,
        entries: own.map((each) => [each.kind, signedPoints(each), each.balanceAfter]),
        lots: lots
          .filter((lot) => lot.customerId === customerId)
          .sort((a, b) => (born.get(a.id) ?? 0) - (born.get(b.id) ?? 0))
          .map(({ granted, remaining, expired, waived, absorbed }) => [granted, remaining, expired, waived, absorbed]),
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
});
