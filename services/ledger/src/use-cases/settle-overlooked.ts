import { emit, type Tx } from '@vafa/bus';
import { createBook } from '../domain/book.ts';
import { newRefundCase } from '../domain/refund-case.ts';
import { lockOrOpenAccounts } from '../store/accounts.ts';
import { findOverlooked, lockWaiting } from '../store/refunds.ts';
import { saveBook } from '../store/save-book.ts';
import { countSettled, countTowardsTiers } from './count-towards-tiers.ts';
import type { CurrentRules } from './current-programme.ts';
import { decideSteps, type RefundSettings } from './decide-steps.ts';
import { eventsOf } from './points-events.ts';

/**
 * Settles refunds that still wait although their order is there: order and refund came at the same moment through different
 * partitions (after a merge of customers), so neither transaction saw the other. Returns how many.
 */
export const settleOverlooked = async (
  tx: Tx,
  now: Temporal.Instant,
  limit: number,
  deps: { currentRules: CurrentRules; refunds: RefundSettings },
): Promise<number> => {
  const found = await findOverlooked(tx, limit);
  if (found.length === 0) return 0;
  const rules = await deps.currentRules(tx);
  const customers = [...new Set(found.map(({ customerId }) => customerId))];
  await lockOrOpenAccounts(tx, customers);
  const refunds = await lockWaiting(
    tx,
    found.map(({ refundId }) => refundId),
  );
  const book = createBook('clock', now);
  const steps = refunds.map((refund) => ({ kind: 'refund' as const, case: newRefundCase(refund) }));
  await decideSteps(tx, book, { steps, waiting: [], customers }, { rules, refunds: deps.refunds });
  await saveBook(tx, book, now.toString());
  const { tiers } = rules;
  const cases = steps.map((step) => step.case);
  const counted = tiers
    ? await countTowardsTiers(tx, tiers, await countSettled(tx, tiers.structure.metric, cases), now)
    : [];
  await emit(tx, [...eventsOf(book), ...counted]);
  return refunds.length;
};
