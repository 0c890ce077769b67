import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import { present } from '@vafa/kernel';
import { assertCountable, earlierMs, laterMs } from '../domain/account.ts';
import type { NewEntry } from '../domain/new-entries.ts';
import type { NewPurchase } from '../domain/plan.ts';
import { CUSTOMER, type Door, houseAccount, PENDING } from '../domain/transfer.ts';
import type { Credit, Credited } from '../store/accounts.ts';
import { sealTransfers } from '../store/seal.ts';
import { type EarnedTogether, type EarnRow, insertEarnings } from '../store/transfers.ts';
import { earnedEvent } from './points-events.ts';

/** An entry of an order, of a customer for whom nothing needs deciding. */
export interface Earning {
  purchase: NewPurchase;
  entry: NewEntry;
}

/** What the purchases earned, in order. */
export const earningsOf = (purchases: readonly NewPurchase[]): Earning[] =>
  purchases.flatMap((purchase) => purchase.entries.map((entry) => ({ purchase, entry })));

const ONLY_LOCK = {
  ...{ points: 0, pending: 0, transfers: 0 },
  ...{ nextExpiryMs: null, lastExpiryMs: null, nextUnnoticedMs: null, nextActivationMs: null },
};

/** One credit per customer: the sum of what it earned, or nothing for those that are only to be locked. */
export const creditsOf = (earnings: readonly Earning[], onlyLocked: Iterable<string>, nowMs: number): Credit[] => {
  const credits = new Map<string, Credit>();
  for (const { purchase, entry } of earnings) {
    const { customerId } = purchase.order;
    const { terms, award } = entry;
    const isPending = terms.pendingUntilMs !== null;
    // Pending points don't expire: that clock is set when they become spendable.
    const expiresAtMs = isPending ? null : terms.expiresAtMs;
    const unnoticedMs = expiresAtMs !== null && expiresAtMs > nowMs ? expiresAtMs : null;
    const [points, pending] = isPending ? [0, award.points] : [award.points, 0];
    const credit = credits.get(customerId);
    if (credit) {
      credit.points += points;
      credit.pending += pending;
      credit.transfers += 1;
      credit.nextExpiryMs = earlierMs(credit.nextExpiryMs, expiresAtMs);
      credit.lastExpiryMs = laterMs(credit.lastExpiryMs, expiresAtMs);
      credit.nextUnnoticedMs = earlierMs(credit.nextUnnoticedMs, unnoticedMs);
      credit.nextActivationMs = earlierMs(credit.nextActivationMs, terms.pendingUntilMs);
    } else {
      credits.set(customerId, {
        customerId,
        points,
        pending,
        transfers: 1,
        nextExpiryMs: expiresAtMs,
        lastExpiryMs: expiresAtMs,
        nextUnnoticedMs: unnoticedMs,
        nextActivationMs: terms.pendingUntilMs,
      });
    }
  }
  for (const customerId of onlyLocked) credits.set(customerId, { customerId, ...ONLY_LOCK });
  return [...credits.values()];
};

/** Running balance and number of each transfer, from where the account stands after all of them. */
export const earnRowsOf = (earnings: readonly Earning[], credited: readonly Credited[]): EarnRow[] => {
  const after = new Map(credited.map(({ customerId, booked, seq }) => [customerId, { booked, seq }]));
  const rows: EarnRow[] = [];
  for (const { purchase, entry } of earnings.toReversed()) {
    const { order, occurredAt } = purchase;
    const { award, earnId, terms } = entry;
    const state = present(after.get(order.customerId), 'credited customer');
    rows.push({
      id: earnId,
      customerId: order.customerId,
      seq: state.seq,
      points: award.points,
      balanceAfter: state.booked,
      occurredAt,
      orderId: order.orderId,
      terms,
      ruleId: award.ruleId,
      explanation: award.explanation,
    });
    state.seq -= 1;
    if (terms.pendingUntilMs === null) state.booked -= award.points;
  }
  return rows.reverse();
};

export interface BookedEarnings {
  /** What to tell. */
  events: EventEnvelope[];
  /** Done when transfers, lots and seal are written. */
  written: Promise<unknown>;
}

/**
 * The set-based way: all transfers and lots by one statement. It does not wait for the database, so that what comes next can
 * be sent along.
 * @throws AppError rejected `ledger.points_out_of_range` when it is more than one of them may have
 */
export const bookEarnings = (
  tx: Tx,
  earnings: readonly Earning[],
  credited: readonly Credited[],
  common: EarnedTogether & { door: Door; recordedAt: string },
): BookedEarnings => {
  if (earnings.length === 0) return { events: [], written: Promise.resolve() };
  for (const { booked, pending } of credited) assertCountable(booked + pending);
  const { door, recordedAt, ...together } = common;
  const rows = earnRowsOf(earnings, credited);
  const debit = houseAccount('earn', door);
  const sealed = rows.map((row, i) => ({
    id: row.id,
    seq: row.seq,
    kind: 'earn',
    debit,
    credit: row.terms.pendingUntilMs === null ? CUSTOMER : PENDING,
    amount: row.points,
    balanceAfter: row.balanceAfter,
    occurredAt: row.occurredAt,
    occurredAtMs: present(earnings[i], 'earning').purchase.order.occurredAtMs,
    orderId: row.orderId,
    ruleId: row.ruleId,
    ruleVersion: together.ruleVersion,
    explanation: row.explanation,
  }));
  return {
    events: rows.map((row, i) => earnedEvent({ ...row, traceparent: earnings[i]?.purchase.traceparent })),
    written: Promise.all([
      insertEarnings(tx, rows, { debit, recordedAt, ...together }),
      sealTransfers(tx, door, recordedAt, sealed),
    ]),
  };
};
