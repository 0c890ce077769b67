import type { Tx } from '@vafa/bus';
import { present } from '@vafa/kernel';
import { awaitsFromMs, type Fulfilled } from '../domain/activate.ts';
import type { Terms } from '../domain/terms.ts';
import { findInteractions } from '../store/awaited-interactions.ts';
import type { Rules } from './current-programme.ts';
import { expiringIn, settleBeforeGiving } from './tier-expiry.ts';

/** Points that may await an interaction, booked already or about to be. */
export interface WonPoints {
  customerId: string;
  /** Milliseconds since 1970. */
  wonAtMs: number;
  /** Null = no order brought them. */
  orderId: string | null;
  ruleId: string | null;
  terms: Pick<Terms, 'awaits' | 'pendingUntilMs'>;
}

/**
 * Of which of these points the interaction that they await was told before them: interactions and purchases come by different ways,
 * so what was done later may be told first. They expire as if it were told now. Nothing is asked where nothing awaits anything. The
 * accounts of the customers are locked.
 */
export const findFulfilled = async <Points extends WonPoints>(
  tx: Tx,
  rules: Rules,
  points: readonly Points[],
  now: Temporal.Instant,
): Promise<Map<Points, Fulfilled>> => {
  const waiting: Points[] = [];
  const awaiting = points.flatMap((each) => {
    const { customerId, wonAtMs, orderId, terms } = each;
    if (terms.awaits === null || terms.pendingUntilMs === null) return [];
    waiting.push(each);
    return [
      {
        customerId,
        type: terms.awaits,
        fromMs: awaitsFromMs(wonAtMs, orderId),
        beforeMs: terms.pendingUntilMs,
        orderId,
      },
    ];
  });
  if (awaiting.length === 0) return new Map();
  const found = [...(await findInteractions(tx, awaiting))].map(
    ([place, atMs]) => [present(waiting[place], 'points that await'), atMs] as const,
  );
  const tierOf = await settleBeforeGiving(
    tx,
    rules,
    found.map(([{ customerId }]) => customerId),
    now,
  );
  return new Map(
    found.map(([each, atMs]) => {
      const expiringOf = expiringIn(rules, tierOf(each.customerId), each.ruleId);
      return [each, { atMs, ...expiringOf(atMs) }];
    }),
  );
};
