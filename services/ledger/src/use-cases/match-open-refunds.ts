import { emit, type Tx } from '@vafa/bus';
import { createBook } from '../domain/book.ts';
import type { Door } from '../domain/transfer.ts';
import { findOpenRefunds } from '../store/refunds.ts';
import { saveBook } from '../store/save-book.ts';
import { countSettled, countTowardsTiers } from './count-towards-tiers.ts';
import { type DecisionDeps, decideSteps } from './decide-steps.ts';
import { eventsOf } from './points-events.ts';

/** Matches what is open of a customer's refunds with all orders that it has now, as when it was given another's. */
export const matchOpenRefunds = async (
  tx: Tx,
  customerId: string,
  door: Door,
  now: Temporal.Instant,
  deps: DecisionDeps,
): Promise<void> => {
  const cases = await findOpenRefunds(tx, [{ customerId, sinceMs: null }], now.toString());
  if (cases.length === 0) return;
  const book = createBook(door, now);
  const steps = cases.map((each) => ({ kind: 'refund' as const, case: each }));
  await decideSteps(tx, book, { steps, waiting: [], customers: [customerId] }, deps);
  await saveBook(tx, book, now.toString());
  const { tiers } = deps.rules;
  const counted = tiers
    ? await countTowardsTiers(tx, tiers, await countSettled(tx, tiers.structure.metric, cases), now)
    : [];
  await emit(tx, [...eventsOf(book), ...counted]);
};
