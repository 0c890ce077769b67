import type { Queryable, Tx } from '@vafa/bus';
import type { ActiveProgramme, Programme } from '../domain/programme.ts';
import { isoOf } from './instants.ts';

/** A version with who made it and when. */
export interface ProgrammeVersion extends ActiveProgramme {
  actor: string;
  createdAt: string;
}

interface Row {
  version: number;
  definition: Programme;
  actor: string;
  createdAt: string;
}

const toVersion = ({ version, definition, actor, createdAt }: Row): ProgrammeVersion => ({
  ...definition,
  version,
  actor,
  createdAt: isoOf(createdAt),
});

/** An SQL expression that gives the newest version's number, for who asks along with other things. */
export const LATEST_VERSION = '(select coalesce(max(version), 0) from programme_version)';

/**
 * An SQL expression that gives the tier of who has no other by the newest version, as `freeTierOf` does; null = none. It is worked
 * out once in a statement, and only if a row asks.
 */
export const FREE_TIER = `(select case when definition #> '{tiers,levels,0,threshold}' = '0'
    then definition #>> '{tiers,levels,0,id}' end from programme_version order by version desc limit 1)`;

/** An SQL expression that tells whether the newest version has tiers; worked out once in a statement. null = there is no version. */
export const HAS_TIERS = `(select definition -> 'tiers' is not null from programme_version order by version desc limit 1)`;

/** Newest version's number; 0 = there is no programme yet. */
export const findLatestVersion = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ version: number }[]>`select ${db.unsafe(LATEST_VERSION)} as version`;
  return row?.version ?? 0;
};

/** Newest first. */
export const listProgrammeVersions = async (
  db: Queryable,
  limit: number,
  beforeVersion?: number,
): Promise<ProgrammeVersion[]> => {
  const rows = await db<Row[]>`
    select version, definition, actor, created_at as "createdAt" from programme_version
    where ${beforeVersion ?? null}::integer is null or version < ${beforeVersion ?? null}::integer
    order by version desc limit ${limit}`;
  return rows.map(toVersion);
};

export const findProgrammeVersion = async (db: Queryable, version: number): Promise<ProgrammeVersion | undefined> => {
  const [row] = await db<Row[]>`select version, definition, actor, created_at as "createdAt" from programme_version
    where version = ${version}`;
  return row && toVersion(row);
};

export const findProgramme = async (db: Queryable): Promise<ProgrammeVersion | undefined> =>
  (await listProgrammeVersions(db, 1))[0];

/** Did points slide in any version before this one? */
export const hasSlidBefore = async (db: Queryable, version: number): Promise<boolean> => {
  const rows = await db`select 1 from programme_version
    where version < ${version} and definition #>> '{expiry,kind}' = 'sliding' limit 1`;
  return rows.length > 0;
};

/** Until the end of the transaction nobody else adds a version. */
export const lockProgramme = async (tx: Tx): Promise<void> => {
  await tx`select pg_advisory_xact_lock(hashtextextended('ledger.programme', 0))`;
};

/** Adds the next version; two at once wait for each other. */
export const addProgrammeVersion = async (
  tx: Tx,
  definition: Programme,
  actor: string,
  createdAt: string,
): Promise<ProgrammeVersion> => {
  await lockProgramme(tx);
  const [row] = await tx<Row[]>`
    insert into programme_version (version, definition, actor, created_at)
    select coalesce(max(version), 0) + 1, ${JSON.stringify(definition)}::text::jsonb, ${actor}, ${createdAt}::timestamptz
    from programme_version
    returning version, definition, actor, created_at as "createdAt"`;
  return toVersion(row as Row);
};
