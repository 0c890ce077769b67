import type postgres from 'postgres';

/** A pool of connections of one service's role; its search_path is the service's own schema. */
export type Sql = postgres.Sql<{ bigint: number }>;
/** An open transaction. */
export type Tx = postgres.TransactionSql<{ bigint: number }>;
/** Either: for statements that read. */
export type Queryable = Sql | Tx;
