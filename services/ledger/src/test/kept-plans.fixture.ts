import type { Sql, Tx } from '@vafa/bus';
import type { ReservedSql } from 'postgres';

/** Runs that are always planned anew; after them PostgreSQL chooses. */
export const PLANNED_ANEW = 5;

/** Tables that grow: none is read from end to end. */
export const GROWING = [
  'purchase',
  'transfer',
  'lot',
  'balance',
  'refund',
  'reservation',
  'allocation',
  'idempotency_key',
  'points_payment',
  'outbox',
  'seal',
  'tier_state',
  'awaited_interaction',
  'customer_profile',
  'rule_counter',
  'qualification',
  'adjustment_request',
  'reward_claim',
  'coupon',
  'coupon_redemption',
  'coupon_use',
  'former_customer',
];

export interface Plans {
  statement: string;
  generic: number;
  custom: number;
}

/** The driver's own call: options, what is done, and what goes along with BEGIN. */
export type Begin = <Result>(
  options: string,
  work: (tx: Tx, begun: Promise<void>) => Promise<Result>,
  along: string,
) => Promise<Result>;

/** Begins transactions on one connection, one after the other, as the driver does on several. */
export const beginOn = (connection: ReservedSql): Begin => {
  let last: Promise<unknown> = Promise.resolve();
  const run: Begin = async (options, work, along) => {
    await connection.unsafe(`begin ${options}`);
    if (along) await connection.unsafe(along);
    const result = await work(connection as unknown as Tx, Promise.resolve());
    await connection`commit`;
    return result;
  };
  return (options, work, along) => {
    const next = last.then(() => run(options, work, along));
    last = next;
    return next;
  };
};

/** Statements that take parameters (others have but one plan) and ran more often than so. */
export const plansOf = (connection: Pick<Sql, 'unsafe'>, moreOftenThan = PLANNED_ANEW): Promise<Plans[]> =>
  connection.unsafe<Plans[]>(`
    select statement, generic_plans as generic, custom_plans as custom from pg_prepared_statements
    where cardinality(parameter_types) > 0 and custom_plans + generic_plans > ${moreOftenThan}`);

/** How often each statement was planned which way while something ran; the connection may have been somebody's before. */
export const plansWhile = async (connection: Pick<Sql, 'unsafe'>, run: () => Promise<void>): Promise<Plans[]> => {
  const before = new Map((await plansOf(connection, 0)).map((each) => [each.statement, each]));
  await run();
  return (await plansOf(connection, 0))
    .map(({ statement, generic, custom }) => {
      const then = before.get(statement);
      return { statement, generic: generic - (then?.generic ?? 0), custom: custom - (then?.custom ?? 0) };
    })
    .filter(({ generic, custom }) => generic + custom > 0);
};

export interface PlanNode {
  'Node Type': string;
  'Parent Relationship'?: string;
  'Relation Name'?: string;
  'Function Name'?: string;
  /** Of a plan that was run. */
  'Actual Rows'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

export const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** What of a plan would be slow for a thousand rows or in a large book, though the planner takes it for ten rows. */
export const trapsOf = (plan: PlanNode): string[] => [
  ...nodesOf(plan)
    .filter((node) => node['Node Type'] === 'Nested Loop')
    .flatMap(({ Plans = [] }) => Plans.filter((each) => each['Parent Relationship'] === 'Inner').flatMap(nodesOf))
    // Weeks of the book are no list that grows with a batch.
    .filter((node) => node['Function Name'] !== 'generate_series')
    .map((node) => node['Node Type'])
    .filter((type) => type === 'Function Scan' || type === 'CTE Scan')
    .map((type) => `${type} for each row`),
  ...nodesOf(plan)
    .filter((node) => node['Node Type'] === 'Seq Scan' && GROWING.includes(node['Relation Name'] ?? ''))
    .map((node) => `all of ${node['Relation Name']}`),
];

/** The plan that is kept. Tables are small here: without the ban, reading all of one would be right. */
export const keptPlanOf = async (sql: Sql, statement: string): Promise<PlanNode> => {
  const [row] = await sql.begin(async (tx) => {
    await tx`set local enable_seqscan = off`;
    return tx.unsafe<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>(`explain (generic_plan, format json) ${statement}`);
  });
  return row?.['QUERY PLAN'][0]?.Plan as PlanNode;
};
