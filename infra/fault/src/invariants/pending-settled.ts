import { TEA } from '../shop.ts';
import { createFinding, type Invariant } from './finding.ts';
import { teaEarned } from './tea-earned.ts';

interface Row {
  orderId: string;
  customerId: string;
  points: number;
  /** Was it booked as pending? Not when its time had come before. */
  waited: boolean;
  pending: number;
  /** Taken back while it was pending. */
  takenBack: number;
  activations: number;
  activated: number;
  /** Became spendable before its time. */
  early: boolean;
  /** Was spent before it became spendable. */
  spent: boolean;
}

/** Points that wait become spendable once, all of them, when their time has come and not before. */
export const pendingSettled: Invariant = async ({ sql, done }) => {
  const { finding, wrong } = createFinding('pending points settled', [
    ...[
      'lost',
      'misvalued',
      'pending still',
      'activated twice',
      'not all activated',
      'too early',
      'spent while pending',
    ],
  ]);
  const { ruleId, perMinor, pendingHours } = TEA.later;
  // The time is reckoned from the order's own, not from what the lot says of itself; the ledger counts milliseconds.
  const rows = await sql<Row[]>`
    select t.order_id as "orderId", t.customer_id as "customerId", t.amount as points, t.credit = 'pending' as waited, l.pending,
      (select coalesce(sum(c.amount), 0) from ledger.transfer c
        where c.kind = 'clawback' and c.reverses_id = t.id and c.debit = 'pending')::bigint as "takenBack",
      coalesce(a.times, 0) as activations, coalesce(a.points, 0)::bigint as activated,
      coalesce(a.first < date_trunc('milliseconds', t.occurred_at) + make_interval(hours => ${pendingHours}), false) as early,
      exists (
        select from ledger.allocation x join ledger.transfer s on s.reservation_id = x.owner_id and s.kind = 'redeem'
        where x.lot_id = l.id and s.seq < a.seq
      ) as spent
    from ledger.transfer t join ledger.lot l on l.id = t.id
    left join (
      select lot_id, count(*) as times, sum(amount) as points, min(recorded_at) as first, min(seq) as seq
      from ledger.transfer where kind = 'activate' group by lot_id
    ) a on a.lot_id = t.id
    where t.kind = 'earn' and t.rule_id = ${ruleId}`;
  finding.checked = teaEarned(done.purchases, rows, perMinor, wrong);
  for (const { orderId, points, waited, pending, takenBack, activations, activated, early, spent } of rows) {
    const owed = waited ? points - takenBack : 0;
    if (pending > 0) wrong('pending still', `${orderId}: ${pending} of ${points}`);
    else if (activations > 1) wrong('activated twice', `${orderId}: ${activations} times`);
    else if (activated !== owed) wrong('not all activated', `${orderId}: ${activated}, ${owed} expected`);
    if (early) wrong('too early', orderId);
    if (spent) wrong('spent while pending', orderId);
  }
  return [finding];
};
