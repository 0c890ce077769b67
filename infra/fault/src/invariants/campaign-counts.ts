import { createFinding, type Invariant } from './finding.ts';

/** Counters have no key of their own to tell a repetition by: they must agree with what they count. */
export const campaignCounts: Invariant = async ({ sql, done }) => {
  const { finding, wrong } = createFinding('campaign counters as counted', ['off']);
  const leavers = done.erasedCustomers.length;
  const rows = await sql<{ outcome: string; count: number }[]>`select outcome, sum(count)::bigint as count
    from campaigns.campaign_count where campaign_id = 'thanks' group by outcome`;
  const counted = new Map(rows.map(({ outcome, count }) => [outcome, count]));
  const entered = counted.get('entered') ?? 0;
  const least = done.purchases.length;
  // A leaver's orders may be entered or not, by what was heard first.
  const most = least + leavers + done.ordersAfterErasure.length;
  finding.checked = entered;
  if (entered < least || entered > most) wrong('off', `${entered} entered, ${least} to ${most} expected`);
  const outcomes = await sql<{ status: string; count: number }[]>`select status, count(*) as count
    from campaigns.message_outcome where campaign_id = 'thanks' group by status`;
  for (const { status, count } of outcomes)
    if ((counted.get(status) ?? 0) !== count)
      wrong('off', `${counted.get(status) ?? 0} ${status} counted, ${count} recorded`);
  return [finding];
};
