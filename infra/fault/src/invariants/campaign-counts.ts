import { createFinding, type Invariant } from './finding.ts';

/** What campaigns counts of its own decisions; the rest is told by messaging, one row each. */
const DECISIONS = new Set(['entered', 'requested', 'expired', 'skipped']);

/** Counters have no key of their own to tell a repetition by: they must agree with what they count. */
export const campaignCounts: Invariant = async ({ sql, done }) => {
  const { finding, wrong } = createFinding('campaign counters as counted', ['off']);
  const least = done.purchases.length;
  // A leaver's orders may be entered or not, by what was heard first; so may what was not answered.
  const most = least + done.erasedCustomers.length + done.ordersAfterErasure.length + done.unanswered.length;
  // In one statement, so of one moment: receipts still come in.
  const rows = await sql<{ outcome: string; counted: number; recorded: number }[]>`
    select outcome, coalesce(c.counted, 0)::bigint as counted, coalesce(r.recorded, 0)::bigint as recorded
    from (select outcome, sum(count) as counted from campaigns.campaign_count where campaign_id = 'thanks' group by outcome) c
    full join (select status as outcome, count(*) as recorded from campaigns.message_outcome
      where campaign_id = 'thanks' group by status) r using (outcome)`;
  const entered = rows.find(({ outcome }) => outcome === 'entered')?.counted ?? 0;
  finding.checked = rows.reduce((sum, { counted }) => sum + counted, 0);
  if (entered < least || entered > most) wrong('off', `${entered} entered, ${least} to ${most} expected`);
  for (const { outcome, counted, recorded } of rows)
    if (!DECISIONS.has(outcome) && counted !== recorded)
      wrong('off', `${counted} ${outcome} counted, ${recorded} recorded`);
  return [finding];
};
