import type { Queryable, Tx } from '@vafa/bus';
import type {
  Definition,
  DefinitionHead,
  DefinitionStatus,
  ReminderMessage,
  ReminderPurpose,
} from '../domain/definition.ts';

interface Row extends DefinitionHead {
  name: string;
  kind: Definition['kind'];
  category: string | null;
  afterDays: number | null;
  timeOfDay: string | null;
  messages: ReminderMessage[];
  purpose: ReminderPurpose;
  timeToLive: string;
}

const COLUMNS = `id, name, status, kind, category, after_days as "afterDays", time_of_day as "timeOfDay", messages, purpose,
  time_to_live as "timeToLive", version, created_at as "createdAt", updated_at as "updatedAt"`;

/** Instants leave the database in Postgres's form; callers get ISO 8601. The table's check ties the fields to the kind. */
const toDefinition = ({ kind, category, afterDays, timeOfDay, createdAt, updatedAt, ...row }: Row): Definition => {
  const common = {
    ...row,
    ...(timeOfDay === null ? {} : { timeOfDay }),
    createdAt: Temporal.Instant.from(createdAt).toString(),
    updatedAt: Temporal.Instant.from(updatedAt).toString(),
  };
  return kind === 'replenishment'
    ? { kind, ...common, category: category as string, afterDays: afterDays as number }
    : { kind, ...common };
};

const ownFields = (definition: Definition): [string | null, number | null] =>
  definition.kind === 'replenishment' ? [definition.category, definition.afterDays] : [null, null];

/** Says whether it was new; an id that exists is left as it is. */
export const insertDefinition = async (tx: Tx, definition: Definition): Promise<boolean> => {
  const [category, afterDays] = ownFields(definition);
  const rows =
    await tx`insert into definition (id, name, status, kind, category, after_days, time_of_day, messages, purpose,
      time_to_live, version, created_at, updated_at)
    values (${definition.id}, ${definition.name}, ${definition.status}, ${definition.kind}, ${category}, ${afterDays},
      ${definition.timeOfDay ?? null}, ${JSON.stringify(definition.messages)}::text::jsonb, ${definition.purpose},
      ${definition.timeToLive}, ${definition.version}, ${definition.createdAt}::timestamptz,
      ${definition.updatedAt}::timestamptz)
    on conflict do nothing returning id`;
  return rows.length === 1;
};

/** Writes what may change of a definition; kind and category stay. */
export const updateDefinition = async (tx: Tx, definition: Definition): Promise<void> => {
  const [, afterDays] = ownFields(definition);
  await tx`update definition set name = ${definition.name}, status = ${definition.status}, after_days = ${afterDays},
      time_of_day = ${definition.timeOfDay ?? null}, messages = ${JSON.stringify(definition.messages)}::text::jsonb,
      purpose = ${definition.purpose}, time_to_live = ${definition.timeToLive}, version = ${definition.version},
      updated_at = ${definition.updatedAt}::timestamptz
    where id = ${definition.id}`;
};

export const findDefinition = async (sql: Queryable, id: string): Promise<Definition | undefined> => {
  const [row] = await sql<Row[]>`select ${sql.unsafe(COLUMNS)} from definition where id = ${id}`;
  return row && toDefinition(row);
};

/** The definition, held against other changes until the transaction ends. */
export const lockDefinition = async (tx: Tx, id: string): Promise<Definition | undefined> => {
  const [row] = await tx<Row[]>`select ${tx.unsafe(COLUMNS)} from definition where id = ${id} for update`;
  return row && toDefinition(row);
};

/** By id, from after `after`. */
export const listDefinitions = async (
  sql: Queryable,
  page: { status?: DefinitionStatus; after?: string; limit: number },
): Promise<Definition[]> => {
  const rows = await sql<Row[]>`select ${sql.unsafe(COLUMNS)} from definition
    where id > ${page.after ?? ''} and (${page.status ?? null}::text is null or status = ${page.status ?? null})
    order by id limit ${page.limit}`;
  return rows.map(toDefinition);
};

/** Every definition that sets timers. */
export const liveDefinitions = async (sql: Queryable): Promise<Definition[]> => {
  const rows = await sql<
    Row[]
  >`select ${sql.unsafe(COLUMNS)} from definition where status in ('active', 'paused') order by id`;
  return rows.map(toDefinition);
};

/** How many changes of definitions there were. */
export const readRevision = async (sql: Queryable): Promise<number> => {
  const [row] = await sql<{ value: number }[]>`select value from definition_revision where id = 1`;
  return row?.value ?? 0;
};

/** Tells handlers that a definition changed, from the commit on. */
export const countRevision = async (tx: Tx): Promise<void> => {
  await tx`insert into definition_revision (id, value) values (1, 1)
    on conflict (id) do update set value = definition_revision.value + 1`;
};
