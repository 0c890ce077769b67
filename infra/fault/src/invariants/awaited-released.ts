import { TEA } from '../shop.ts';
import { createFinding, type Invariant } from './finding.ts';
import { teaEarned } from './tea-earned.ts';

interface Row {
  orderId: string;
  customerId: string;
  points: number;
  pending: number;
  /** Taken back while it was pending. */
  takenBack: number;
  activations: number;
  activated: number;
}

/** Points that await a rating become spendable once by it, whether it was told before or after its order, and by nothing else. */
export const awaitedReleased: Invariant = async ({ sql, done }) => {
  const { finding, wrong } = createFinding('awaited points released', [
    ...['lost', 'misvalued', 'pending still', 'released twice', 'not all released', 'released without a rating'],
  ]);
  const { ruleId, perMinor } = TEA.rated;
  const rows = await sql<Row[]>`
    select t.order_id as "orderId", t.customer_id as "customerId", t.amount as points, l.pending,
      (select coalesce(sum(c.amount), 0) from ledger.transfer c
        where c.kind = 'clawback' and c.reverses_id = t.id and c.debit = 'pending')::bigint as "takenBack",
      (select count(*) from ledger.transfer a where a.kind = 'activate' and a.lot_id = t.id) as activations,
      (select coalesce(sum(a.amount), 0) from ledger.transfer a where a.kind = 'activate' and a.lot_id = t.id)::bigint as activated
    from ledger.transfer t join ledger.lot l on l.id = t.id
    where t.kind = 'earn' and t.rule_id = ${ruleId}`;
  finding.checked = teaEarned(done.purchases, rows, perMinor, wrong);
  const rated = new Set(done.ratings.map(({ orderId }) => orderId));
  const unknown = new Set(done.unanswered);
  for (const { orderId, customerId, points, pending, takenBack, activations, activated } of rows) {
    if (activations > 1) wrong('released twice', `${orderId}: ${activations} times`);
    else if (rated.has(orderId) && pending > 0) wrong('pending still', `${orderId}: ${pending} of ${points}`);
    else if (rated.has(orderId) && activated !== points - takenBack)
      wrong('not all released', `${orderId}: ${activated}, ${points - takenBack} expected`);
    else if (!rated.has(orderId) && activations > 0 && !unknown.has(customerId))
      wrong('released without a rating', orderId);
  }
  return [finding];
};
