import { awaitedReleased } from './awaited-released.ts';
import { balances } from './balances.ts';
import { bookingOrder } from './booking-order.ts';
import { busLog } from './bus-log.ts';
import { campaignCounts } from './campaign-counts.ts';
import { capsKept } from './caps-kept.ts';
import { couponsUsed } from './coupons-used.ts';
import { erased } from './erased.ts';
import type { Evidence, Finding, Invariant } from './finding.ts';
import { loadAnswered } from './load-answered.ts';
import { messages } from './messages.ts';
import { outboxes } from './outboxes.ts';
import { pendingSettled } from './pending-settled.ts';
import { poisonParked } from './poison-parked.ts';
import { purchasesBooked } from './purchases-booked.ts';
import { refundsBooked } from './refunds-booked.ts';
import { rewardsClaimed } from './rewards-claimed.ts';
import { segmentation } from './segmentation.ts';
import { stockKept } from './stock-kept.ts';

const INVARIANTS: readonly Invariant[] = [
  ...[
    loadAnswered,
    purchasesBooked,
    refundsBooked,
    capsKept,
    pendingSettled,
    awaitedReleased,
    rewardsClaimed,
    stockKept,
    couponsUsed,
  ],
  ...[balances, bookingOrder, segmentation],
  ...[messages, campaignCounts, erased, outboxes, poisonParked, busLog],
];

/** Judges every invariant. */
export const judge = async (evidence: Evidence): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const invariant of INVARIANTS) findings.push(...(await invariant(evidence)));
  return findings;
};
