import type { Sql } from '@vafa/bus';
import { readRecordFile } from '@vafa/sandbox';
import type { TrialHouse } from '@vafa/trial';
import type { Evidence } from './invariants/finding.ts';
import type { Acknowledged } from './load/deeds.ts';
import { expectedOf } from './oracle.ts';
import { type Shop, TEA } from './shop.ts';

const acceptedBy = async (house: TrialHouse): Promise<Evidence['accepted']> => {
  const accepted: Evidence['accepted'][number][] = [];
  for await (const line of readRecordFile(house.recordFile)) if (line.kind === 'sms') accepted.push(line);
  return accepted;
};

/** What each order got out of the budget for all. */
const sharedBy = async (sql: Sql): Promise<Map<string, number>> => {
  const rows = await sql<
    { orderId: string; points: number }[]
  >`select order_id as "orderId", sum(amount)::bigint as points
    from ledger.transfer where kind = 'earn' and rule_id = ${TEA.shared.ruleId} group by order_id`;
  return new Map(rows.map(({ orderId, points }) => [orderId, points]));
};

/** Everything that a run is judged by, as it is now. */
export const gather = async (
  house: TrialHouse,
  run: { sql: Sql; done: Acknowledged; shop: Shop; bus: Evidence['bus'] },
): Promise<Evidence> => {
  const expected = expectedOf(run.done, { capPoints: run.shop.capPoints, shared: await sharedBy(run.sql) });
  return { ...run, expected, accepted: await acceptedBy(house) };
};
