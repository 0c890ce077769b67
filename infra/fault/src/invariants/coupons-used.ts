import { plainCode } from '../load/reward-deeds.ts';
import { createFinding, type Invariant } from './finding.ts';

interface Row {
  orderId: string;
  customerId: string;
  code: string;
  status: string;
  uses: number;
}

/** Every acknowledged use of a coupon is there once, and no code was used more often than it may be. */
export const couponsUsed: Invariant = async ({ sql, done, shop }) => {
  const { finding, wrong } = createFinding('coupons used once', [
    ...['lost', 'doubled', 'invented', 'not as answered', 'too often', 'miscounted'],
  ]);
  const rows = await sql<Row[]>`
    select r.order_id as "orderId", r.customer_id as "customerId", r.status, min(u.code) as code, count(*) as uses
    from ledger.coupon_redemption r join ledger.coupon_use u using (order_id, attempt)
    group by r.order_id`;
  const byOrder = new Map(rows.map((row) => [row.orderId, row]));
  finding.checked = done.redemptions.length;
  for (const { orderId, customerId, code, status } of done.redemptions) {
    const row = byOrder.get(orderId);
    byOrder.delete(orderId);
    if (!row) wrong('lost', orderId);
    else if (row.uses > 1) wrong('doubled', `${orderId} used ${row.uses} codes`);
    else if (row.customerId !== customerId || row.code !== code || row.status !== status)
      wrong('not as answered', `${JSON.stringify(row)}, answered ${code} ${status}`);
  }
  const unanswered = done.unanswered.map((id) => `${id}-`);
  for (const orderId of byOrder.keys())
    if (!unanswered.some((prefix) => orderId.startsWith(prefix))) wrong('invented', orderId);

  const everybodys = plainCode(shop.everybody.code);
  const counted = await sql<{ code: string; counted: number }[]>`
    select code, (reserved + redeemed)::bigint as counted from ledger.coupon where reserved + redeemed > 0`;
  const counts = new Map(counted.map((row) => [row.code, row.counted]));
  const using = Map.groupBy(
    rows.filter(({ status }) => status === 'redeemed' || status === 'reserved'),
    ({ code }) => code,
  );
  for (const code of new Set([...counts.keys(), ...using.keys()])) {
    const uses = using.get(code)?.length ?? 0;
    const allowed = code === everybodys ? shop.everybody.uses : shop.voucherUses;
    if (uses > allowed) wrong('too often', `${code} is used by ${uses} orders, ${allowed} may`);
    if (uses !== counts.get(code)) wrong('miscounted', `${code} is used by ${uses} orders, counts ${counts.get(code)}`);
  }
  return [finding];
};
