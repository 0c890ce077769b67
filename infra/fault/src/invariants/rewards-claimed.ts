import { createFinding, type Invariant } from './finding.ts';

interface Row {
  reference: string;
  claimId: string;
  customerId: string;
  rewardId: string;
  points: number;
  status: string;
  code: string | null;
}

/** Every acknowledged claim is there exactly once, as it was answered, and its code is nobody else's. */
export const rewardsClaimed: Invariant = async ({ sql, done }) => {
  const { finding, wrong } = createFinding('rewards claimed once', [
    ...['lost', 'doubled', 'invented', 'not as answered', 'code of two'],
  ]);
  const rows = await sql<
    Row[]
  >`select reference, id as "claimId", customer_id as "customerId", reward_id as "rewardId", points,
    status, coupon_code as code from ledger.reward_claim order by id`;
  const byReference = Map.groupBy(rows, ({ reference }) => reference);
  finding.checked = done.claims.length;
  const unanswered = new Set(done.unanswered);
  for (const { reference, cancelled, ...answered } of done.claims) {
    const own = byReference.get(reference) ?? [];
    byReference.delete(reference);
    const [row] = own;
    if (!row) wrong('lost', reference);
    else if (own.length > 1) wrong('doubled', `${reference} was given ${own.length} times`);
    else {
      // Who waits for an answer in vain may have given it back.
      const isStatusKnown = !unanswered.has(answered.customerId);
      const told = { ...answered, ...(isStatusKnown ? { status: cancelled ? 'cancelled' : 'claimed' } : {}) };
      const differing = Object.entries(told).filter(([name, value]) => row[name as keyof Row] !== value);
      for (const [name, value] of differing)
        wrong('not as answered', `${name} of ${reference} is ${row[name as keyof Row]}, answered ${value}`);
    }
  }
  // References bear their customers' names; an unanswered claim may be there or not.
  const others = done.unanswered.map((id) => `${id}-`);
  for (const reference of byReference.keys())
    if (!others.some((prefix) => reference.startsWith(prefix))) wrong('invented', reference);
  const byCode = Map.groupBy(
    rows.filter(({ code }) => code !== null),
    ({ code }) => code,
  );
  for (const [code, same] of byCode)
    if (same.length > 1) wrong('code of two', `${code} of ${same.map((row) => row.reference).join(' and ')}`);
  return [finding];
};
