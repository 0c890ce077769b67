import { busTables, type Sql } from '@vafa/bus';
import { openSql } from '@vafa/platform';
import { getTableConfig, PgDialect, type PgTable, pgSchema } from 'drizzle-orm/pg-core';
import { cloneDatabase } from '../test-postgres.ts';

const SCHEMA = 'shop';
const dialect = new PgDialect();

/** The statements that make a table as it is declared, without the detour of migration files. */
const statementsFor = (table: PgTable): string[] => {
  const { name, schema, columns, primaryKeys, indexes } = getTableConfig(table);
  const text = (value: unknown): string => dialect.sqlToQuery(value as never).sql;
  const place = `${schema}.${name}`;
  const parts = columns.map((column) => {
    const fallback = column.default === undefined ? '' : ` default ${text(column.default)}`;
    return `${column.name} ${column.getSQLType()}${column.primary ? ' primary key' : ''}${column.notNull ? ' not null' : ''}${fallback}`;
  });
  const keys = primaryKeys.map((key) => `primary key (${key.columns.map((column) => column.name).join(', ')})`);
  return [
    `create table ${place} (${[...parts, ...keys].join(', ')})`,
    ...indexes.map(({ config }) => {
      const on = config.columns.map((column) => (column as { name: string }).name).join(', ');
      return `create index on ${place} using ${config.method ?? 'btree'} (${on})${config.where ? ` where ${text(config.where)}` : ''}`;
    }),
  ];
};

/**
 * What a service of the tests writes. `effect` has no unique key on purpose: it counts every time an event took effect, so
 * that a doubled one shows; `booking` has the natural key that real services have.
 */
const EFFECT_TABLES = [
  `create table ${SCHEMA}.effect (id bigserial primary key, grp text not null, order_id text not null, customer_id text not null,
    amount bigint not null, pid int not null)`,
  `create table ${SCHEMA}.booking (grp text not null, order_id text not null, amount numeric(12) not null check (amount <> 13),
    primary key (grp, order_id))`,
];

export interface ShopDatabase {
  /** Of a role that may do everything. */
  url: string;
  sql: Sql;
  drop(): Promise<void>;
}

/** Opens a pool on the schema of the tests' service. */
export const openShop = (url: string, name: string, max: number, statementTimeoutMs = 10_000): Sql =>
  openSql({ url, max, name, schema: SCHEMA, statementTimeoutMs });

/** Makes the schema of the tests' service. */
export const createShopSchema = async (url: string): Promise<void> => {
  const sql = openShop(url, 'vafa-test-shop-setup', 1);
  const tables = Object.values(busTables(pgSchema(SCHEMA)));
  const statements = [`create schema ${SCHEMA}`, ...tables.flatMap(statementsFor), ...EFFECT_TABLES];
  await sql.unsafe(statements.join(';\n'));
  await sql.end();
};

/** A database of one's own with the log of the bus and the schema of a service. */
export const createShopDatabase = async (given: { adminUrl: string; template: string }): Promise<ShopDatabase> => {
  const database = await cloneDatabase(given.adminUrl, given.template);
  await createShopSchema(database.adminUrl);
  const sql = openShop(database.adminUrl, 'vafa-test-shop', 8);
  return {
    url: database.adminUrl,
    sql,
    drop: async () => {
      await sql.end({ timeout: 5 });
      await database.drop();
    },
  };
};
