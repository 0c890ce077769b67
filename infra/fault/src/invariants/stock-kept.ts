import { createFinding, type Invariant } from './finding.ts';

/** What is left of each reward and what was taken and not given back come to what there was, by its own tables and by what was answered. */
export const stockKept: Invariant = async ({ sql, done, shop }) => {
  const { finding, wrong } = createFinding('stock left and taken', ['off', 'not as answered']);
  const rows = await sql<{ rewardId: string; left: number; taken: number }[]>`
    select r.id as "rewardId",
      (select coalesce(sum(remaining), 0) from ledger.reward_stock s where s.reward_id = r.id)::bigint as left,
      (select count(*) from ledger.reward_claim c where c.reward_id = r.id and c.status = 'claimed') as taken
    from ledger.reward r`;
  for (const { rewardId, stock } of shop.rewards) {
    finding.checked += stock;
    const { left = 0, taken = 0 } = rows.find((row) => row.rewardId === rewardId) ?? {};
    if (left + taken !== stock) wrong('off', `${rewardId}: ${left} left and ${taken} taken of ${stock}`);
    const answered = done.claims.filter((claim) => claim.rewardId === rewardId && !claim.cancelled).length;
    // An unanswered deed may have taken one or given one back.
    if (Math.abs(stock - left - answered) > done.unanswered.length)
      wrong('not as answered', `${rewardId}: ${left} left of ${stock}, ${answered} taken by what was answered`);
  }
  return [finding];
};
