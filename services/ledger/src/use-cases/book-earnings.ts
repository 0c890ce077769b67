import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import { present } from '@vafa/kernel';
import { earlierMs } from '../domain/account.ts';
import type { NewPurchase } from '../domain/plan.ts';
import { BASE_RULE } from '../domain/programme.ts';
import { CUSTOMER, type Door, houseAccount } from '../domain/transfer.ts';
import type { Credit, Credited } from '../store/accounts.ts';
import { type EarnRow, insertEarnings } from '../store/transfers.ts';
import { earnedEvent } from './points-events.ts';

/** An order that earned points, of a customer for whom nothing needs deciding. */
export interface Earning extends NewPurchase {
  earnId: string;
}

/** The purchases that earned something. */
export const earningsOf = (purchases: readonly NewPurchase[]): Earning[] =>
  purchases.flatMap((purchase) =>
    purchase.order.earnId === null ? [] : [{ ...purchase, earnId: purchase.order.earnId }],
  );

/** One credit per customer: the sum of what it earned, or nothing for those that are only to be locked. */
export const creditsOf = (earnings: readonly Earning[], onlyLocked: Iterable<string>, nowMs: number): Credit[] => {
  const credits = new Map<string, Credit>();
  for (const { order, expiresAtMs } of earnings) {
    const unnoticedMs = expiresAtMs !== null && expiresAtMs > nowMs ? expiresAtMs : null;
    const credit = credits.get(order.customerId);
    if (credit) {
      credit.points += order.pointsEarned;
      credit.transfers += 1;
      credit.nextExpiryMs = earlierMs(credit.nextExpiryMs, expiresAtMs);
      credit.nextUnnoticedMs = earlierMs(credit.nextUnnoticedMs, unnoticedMs);
    } else {
      credits.set(order.customerId, {
        customerId: order.customerId,
        points: order.pointsEarned,
        transfers: 1,
        nextExpiryMs: expiresAtMs,
        nextUnnoticedMs: unnoticedMs,
      });
    }
  }
  for (const customerId of onlyLocked)
    credits.set(customerId, { customerId, points: 0, transfers: 0, nextExpiryMs: null, nextUnnoticedMs: null });
  return [...credits.values()];
};

/** Running balance and number of each transfer, from where the account stands after all of them. */
export const earnRowsOf = (earnings: readonly Earning[], credited: readonly Credited[]): EarnRow[] => {
  const after = new Map(credited.map(({ customerId, booked, seq }) => [customerId, { booked, seq }]));
  const rows: EarnRow[] = [];
  for (const { order, earnId, occurredAt, expiresAtMs } of earnings.toReversed()) {
    const state = present(after.get(order.customerId), 'credited customer');
    rows.push({
      id: earnId,
      customerId: order.customerId,
      seq: state.seq,
      points: order.pointsEarned,
      balanceAfter: state.booked,
      occurredAt,
      orderId: order.orderId,
      expiresAtMs,
    });
    state.seq -= 1;
    state.booked -= order.pointsEarned;
  }
  return rows.reverse();
};

/** The set-based way: all transfers and lots by one statement. Returns what to tell. */
export const bookEarnings = async (
  tx: Tx,
  earnings: readonly Earning[],
  credited: readonly Credited[],
  common: { door: Door; recordedAt: string; ruleVersion: number | null },
): Promise<EventEnvelope[]> => {
  if (earnings.length === 0) return [];
  const { door, recordedAt, ruleVersion } = common;
  const rows = earnRowsOf(earnings, credited);
  const legs = { debit: houseAccount('earn', door), credit: CUSTOMER };
  await insertEarnings(tx, rows, { ...legs, recordedAt, ruleId: BASE_RULE, ruleVersion });
  return rows.map((row, i) => earnedEvent({ ...row, ruleId: BASE_RULE, traceparent: earnings[i]?.traceparent }));
};
