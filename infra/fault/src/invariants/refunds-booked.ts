import { createFinding, type Invariant } from './finding.ts';

/** Every acknowledged refund took back what its part of the order had earned, once. */
export const refundsBooked: Invariant = async ({ sql, done, expected }) => {
  const { finding, wrong } = createFinding('refunds taken back once', ['lost', 'doubled', 'not applied', 'wrong sum']);
  const rows = await sql<{ refundId: string; status: string; entries: number; sources: number }[]>`
    select r.refund_id as "refundId", r.status, count(t.id) as entries, count(distinct t.reverses_id) as sources
    from ledger.refund r left join ledger.transfer t on t.refund_id = r.refund_id and t.kind = 'clawback'
    group by r.refund_id, r.status`;
  const booked = new Map(rows.map((row) => [row.refundId, row]));
  finding.checked = done.refunds.length;
  for (const { refundId } of done.refunds) {
    const row = booked.get(refundId);
    if (!row) wrong('lost', refundId);
    else if (row.entries > row.sources)
      wrong('doubled', `${refundId} has ${row.entries} entries of ${row.sources} that it takes back`);
    else if (row.status !== 'applied') wrong('not applied', `${refundId} is ${row.status}`);
  }
  const sums = await sql<{ customerId: string; takenBack: number }[]>`
    select customer_id as "customerId", sum(amount)::bigint as "takenBack" from ledger.transfer where kind = 'clawback' group by 1`;
  const takenBack = new Map(sums.map((row) => [row.customerId, row.takenBack]));
  for (const [customerId, { takenBack: owed }] of expected) {
    const taken = takenBack.get(customerId) ?? 0;
    if (taken !== owed) wrong('wrong sum', `${customerId}: ${taken} taken back, ${owed} expected`);
  }
  return [finding];
};
