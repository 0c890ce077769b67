import { verifyLedger } from '@vafa/ledger';
import { createFinding, type Invariant } from './finding.ts';

/** The ledger's books are right in themselves, and they say what the oracle says. */
export const balances: Invariant = async ({ sql, expected }) => {
  const books = createFinding('ledger adds up in itself', ['violations']);
  const [sum] = await sql<{ entries: number; off: number }[]>`
    select count(*) as entries,
      coalesce(sum(case when kind = 'activate' then 0 when credit in ('customer', 'pending') then amount else -amount end), 0)::bigint
        - (select coalesce(sum(active + pending + reserved - deficit), 0)::bigint from ledger.balance) as off
    from ledger.transfer`;
  books.finding.checked = sum?.entries ?? 0;
  if (sum && sum.off !== 0) books.wrong('violations', `entries and balances differ by ${sum.off} points`);
  for (const { rule, subject, detail } of await verifyLedger(sql))
    books.wrong('violations', `${rule} ${subject}: ${detail}`);

  const oracle = createFinding('balances as the oracle says', ['wrong']);
  const rows = await sql<{ customerId: string; points: number }[]>`
    select customer_id as "customerId", (active + pending + reserved - deficit) as points from ledger.balance`;
  const held = new Map(rows.map(({ customerId, points }) => [customerId, points]));
  oracle.finding.checked = expected.size;
  for (const [customerId, { points }] of expected) {
    const has = held.get(customerId) ?? 0;
    if (has !== points) oracle.wrong('wrong', `${customerId} has ${has} points, ${points} expected`);
  }
  return [books.finding, oracle.finding];
};
