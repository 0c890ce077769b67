import { AppError, assert, newId, present } from '@vafa/kernel';
import { type Account, assertBalanced, emptyAccount, laterMs } from '../domain/account.ts';
import { settlePending } from '../domain/activate.ts';
import { type Allocation, addAccounts, addLots, type Book, createBook } from '../domain/book.ts';
import { credit } from '../domain/credit.ts';
import { give } from '../domain/gift.ts';
import { giveBackLate, type Payment } from '../domain/give-back.ts';
import { isPastExpiry, type Lot } from '../domain/lot.ts';
import { capEntries } from '../domain/new-entries.ts';
import type { Order } from '../domain/order.ts';
import type { RefundCase } from '../domain/plan.ts';
import { bookPlan, newRefundCase, planSteps, settleDue } from '../domain/plan.ts';
import { capture, hold, type Reservation, release, requireOpen } from '../domain/reservation.ts';
import type { Counter } from '../domain/rules/caps.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { debit, expireDue, openLots } from '../domain/spend.ts';
import { atOnce } from '../domain/terms.ts';
import { signedPoints, type Transfer } from '../domain/transfer.ts';
import { rulesOf } from '../use-cases/current-programme.ts';
import { readBatch } from '../use-cases/read-batch.ts';
import type { World } from './compare.fixture.ts';
import { createStandings } from './domain-standings.fixture.ts';
import { PROGRAMME } from './events.fixture.ts';
import { activationOf, type Scenario } from './operations.fixture.ts';

const refusedAs = <Result>(work: () => Result): Result | undefined => {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
};

/** The domain with plain maps in the place of tables. */
export const domainWorld = (scenario: Scenario): World => {
  const { policy, spentPoints, waitHours, rules: earning, matching, tiers } = scenario;
  const accounts = new Map<string, Account>();
  const lots: Lot[] = [];
  const transfers: Transfer[] = [];
  const orders = new Map<string, Order>();
  const refunds = new Set<string>();
  const refundedWhole = new Set<string>();
  let waiting: RefundCase[] = [];
  const reservations = new Map<string, { reservation: Reservation; allocations: Allocation[] }>();
  const payments: Payment[] = [];
  const returns = { policy, spentPoints };
  const activation = activationOf(waitHours);
  const programme = {
    ...{ ...PROGRAMME, expiresAfterDays: null, returns, version: 1, activation, rules: earning, matching },
    ...(tiers ? { tiers } : {}),
  };
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
    withBook((book) =>
      openLots(book, id)
        .filter((lot) => !isPastExpiry(lot, book.nowMs))
        .reduce((sum, { remaining }) => sum + remaining, 0),
    );
  const keepAlive = (activities: readonly { customerId: string; atMs: number }[]): void => {
    const until = activities.flatMap(({ customerId, atMs }) => {
      const untilMs = rules.expiryOf(atMs);
      return accounts.has(customerId) && (untilMs ?? 0) > now.epochMilliseconds ? [{ customerId, untilMs }] : [];
    });
    withBook((book) => {
      for (const { customerId } of until) settleDue(book, account(customerId));
    });
    for (const { customerId, untilMs } of until)
      account(customerId).slidesUntilMs = laterMs(account(customerId).slidesUntilMs, untilMs);
  };
  const standings = tiers ? createStandings(tiers) : undefined;

  return {
    setNow: async (instant) => {
      now = instant;
    },
    publish: async (events) => {
      const known = standings ? standings.factsOf(facts) : facts;
      const batch = readBatch(events, rules, (id) => id, now.epochMilliseconds, known);
      const fresh = batch.steps.filter((step) =>
        step.kind === 'purchase' ? !orders.has(step.purchase.order.orderId) : !refunds.has(step.case.refund.refundId),
      );
      for (const step of fresh)
        account(step.kind === 'purchase' ? step.purchase.order.customerId : step.case.refund.customerId);
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
      for (const { status, refund } of cases)
        if (status === 'applied' && refund.scope === 'whole' && refund.orderId !== null)
          refundedWhole.add(refund.orderId);
      const bought = fresh.flatMap((step) => (step.kind === 'purchase' ? [step.purchase] : []));
      standings?.count(bought, cases);
      standings?.look(accounts.keys(), now.epochMilliseconds);
      if (rules.keptAliveBy.purchase)
        keepAlive(bought.map(({ order }) => ({ customerId: order.customerId, atMs: order.occurredAtMs })));
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
      const order = orders.get(orderId ?? '');
      const givenBack = refusedAs(() =>
        withBook((book) => {
          const own = account(customerId);
          const captured = capture(book, own, reservation, allocations, points, references);
          if (order?.customerId !== customerId) return 0;
          const others = payments.filter((each) => each.orderId === orderId && each.customerId === customerId);
          const paidBefore = others.reduce((sum, each) => sum + each.captured, 0);
          const paid = { order, whole: refundedWhole.has(order.orderId), paidBefore };
          return giveBackLate(book, own, captured, allocations, paid, spentPoints);
        }),
      );
      if (givenBack !== undefined && orderId !== null) {
        const capturedAtMs = now.epochMilliseconds;
        payments.push({
          reservationId: id,
          customerId,
          orderId,
          captured: points,
          givenBack,
          capturedAtMs,
          allocations,
        });
      }
      if (givenBack !== undefined && rules.keptAliveBy.redemption)
        keepAlive([{ customerId, atMs: now.epochMilliseconds }]);
      return givenBack !== undefined;
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
      if (available(from) < points) return undefined;
      const gift = { id: newId(), points, occurredAt: now.toString(), actor: 'test', reason: 'test' };
      return withBook((book) => {
        const [giver, receiver] = [account(from), account(to)];
        addAccounts(book, [giver, receiver]);
        expireDue(book, giver);
        return give(book, giver, receiver, gift).map(({ arrived }) => arrived.id);
      });
    },
    visit: async (customerId, time) => {
      if (rules.keptAliveBy.interactions.size > 0) keepAlive([{ customerId, atMs: Date.parse(time) }]);
    },
    know: async (customerId, known) => {
      facts.set(customerId, known);
    },
    setExpiry: async (expiry) => {
      rules = rulesOf({ ...programme, expiry });
    },
    sweep: async () => {
      withBook((book) => {
        for (const { reservation, allocations } of reservations.values())
          if (reservation.status === 'held' && reservation.expiresAtMs <= now.epochMilliseconds)
            release(book, account(reservation.customerId), reservation, allocations, 'timed_out');
        for (const each of accounts.values()) settlePending(book, each);
        standings?.look(accounts.keys(), now.epochMilliseconds);
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
        tier: standings ? standings.tierOf(customerId) : (facts.get(customerId)?.tier ?? null),
        entries: own.map((each) => [each.kind, signedPoints(each), each.balanceAfter]),
        lots: lots
          .filter((lot) => lot.customerId === customerId)
          .sort((a, b) => (born.get(a.id) ?? 0) - (born.get(b.id) ?? 0))
          .map((lot) => [lot.granted, lot.remaining, lot.pending, lot.expired, lot.waived, lot.absorbed]),
      };
    },
  };
};
