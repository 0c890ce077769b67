import { setTimeout as wait } from 'node:timers/promises';
import type { Sql } from '@vafa/bus';
import type { FaultCounts } from './faults/plan-faults.ts';
import type { CounterTotals } from './faults/watch-counters.ts';
import type { Acknowledged } from './load/deeds.ts';
import { TEA } from './shop.ts';

const LOOK_MS = 200;

/** Something that a run must have seen to say anything. */
export interface Coverage {
  what: string;
  times: number;
}

/** Cursor epochs rise with each new owner; 0 where there is no Postgres log. */
export const epochs = async (sql: Sql): Promise<number> => {
  const [row] = await sql<{ sum: number }[]>`select coalesce(sum(epoch), 0)::bigint as sum from bus.log_cursor`;
  return row?.sum ?? 0;
};

/** SMS whose outcome was unknown and that turned out to be with the provider already. */
const reconciled = async (sql: Sql): Promise<number> => {
  const [row] = await sql<{ n: number }[]>`select count(distinct e.message_id) as n from messaging.message_event e
    where e.state = 'unknown' and exists (select from messaging.message_event s
      where s.message_id = e.message_id and s.id > e.id and s.state in ('sent', 'delivered'))`;
  return row?.n ?? 0;
};

/** Waits for the first unknown outcome that was settled by asking, as long as the provider misbehaves. */
export const untilReconciled = async (sql: Sql, limitMs: number): Promise<void> => {
  const begun = performance.now();
  while ((await reconciled(sql)) === 0 && performance.now() - begun < limitMs) await wait(LOOK_MS);
};

/** What points bought so far, and what came in an order that is not its own. */
const deedsSeen = (done: Acknowledged): Coverage[] => [
  { what: 'rewards claimed', times: done.claims.length },
  { what: 'claims cancelled', times: done.claims.filter(({ cancelled }) => cancelled).length },
  { what: 'coupons used', times: done.redemptions.filter(({ status }) => status === 'redeemed').length },
  { what: 'coupons given back', times: done.redemptions.filter(({ status }) => status === 'released').length },
  { what: 'claims and coupons asked for twice', times: done.askedTwice },
  { what: 'amounts paid with points', times: done.payments.length },
  {
    what: 'refunds before purchases that they do not name',
    times: done.refunds.filter(({ returned }) => returned).length,
  },
  { what: 'ratings before their orders', times: done.ratings.filter(({ first }) => first).length },
];

/** Waits until points have bought each of the things that they can buy, and so on, as long as the load goes on. */
export const untilBought = async (done: Acknowledged, limitMs: number): Promise<void> => {
  const begun = performance.now();
  while (deedsSeen(done).some(({ times }) => times === 0) && performance.now() - begun < limitMs) await wait(LOOK_MS);
};

/** Times that points became spendable by the clock, points that each customer's cap kept back, points out of the budget. */
const rulesSeen = async (
  sql: Sql,
  done: Acknowledged,
): Promise<{ activated: number; keptBack: number; shared: number }> => {
  const [row] = await sql<{ activated: number; capped: number; shared: number }[]>`select
    (select count(*) from ledger.transfer a join ledger.transfer t on t.id = a.lot_id
      where a.kind = 'activate' and t.rule_id = ${TEA.later.ruleId}) as activated,
    coalesce(sum(amount) filter (where kind = 'earn' and rule_id = ${TEA.capped.ruleId}), 0)::bigint as capped,
    coalesce(sum(amount) filter (where kind = 'earn' and rule_id = ${TEA.shared.ruleId}), 0)::bigint as shared
    from ledger.transfer`;
  const { activated = 0, capped = 0, shared = 0 } = row ?? {};
  const due = done.purchases
    .filter(({ category }) => category === 'tea')
    .reduce((sum, { totalMinor }) => sum + Math.floor(totalMinor / TEA.capped.perMinor), 0);
  return { activated, keptBack: Math.max(0, due - capped), shared };
};

export const coverageOf = async (
  sql: Sql,
  seen: {
    bus: 'postgres-log' | 'kafka';
    done: Acknowledged;
    faults: FaultCounts;
    counters: CounterTotals;
    epochsBefore: number;
  },
): Promise<Coverage[]> => {
  const { bus, done, faults, counters } = seen;
  const takeovers = bus === 'kafka' ? counters.rebalances : (await epochs(sql)) - seen.epochsBefore;
  const { activated, keptBack, shared } = await rulesSeen(sql, done);
  return [
    ...deedsSeen(done),
    { what: 'points that caps kept back', times: keptBack },
    { what: 'points out of the budget for all', times: shared },
    { what: 'pending points made spendable', times: activated },
    { what: 'duplicates put on the topic', times: done.duplicates },
    { what: 'partitions taken over', times: takeovers },
    { what: 'redelivered records that fences absorbed', times: counters.fenceDropped },
    { what: 'unknown SMS outcomes settled by asking', times: await reconciled(sql) },
    { what: 'services killed', times: faults['kill-service'] },
    { what: 'services killed at a commit', times: faults['kill-at-commit'] },
    { what: 'Postgres killed', times: faults['kill-postgres'] },
    ...(bus === 'kafka' ? [{ what: 'Kafka killed', times: faults['kill-kafka'] }] : []),
  ];
};
