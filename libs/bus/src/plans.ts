import type { Tx } from './sql.ts';

/** What `keepPlans` sends, for those who send it along with BEGIN. */
export const KEEP_PLANS = 'set local plan_cache_mode = force_generic_plan';

/**
 * From here on the transaction's statements are planned once for a connection, not each time. Planning them anew was half of
 * what a small batch costs the database. It is only for statements whose plan is the same for one row as for thousands: inserts
 * of what was sent, and look-ups by key. Others fall into the trap of the generic plan: where two lists meet that the planner
 * takes for ten rows each, it compares each with each. Sessions plan anew for that reason, see `openSql`.
 */
export const keepPlans = async (tx: Tx): Promise<void> => {
  await tx.unsafe(KEEP_PLANS);
};

/** Takes `keepPlans` back for the rest of the transaction. */
export const planAnew = async (tx: Tx): Promise<void> => {
  await tx`set local plan_cache_mode = force_custom_plan`;
};
