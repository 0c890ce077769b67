import type { Queryable, Tx } from '@vafa/bus';
import type { Channel, Purpose } from '../domain/purposes.ts';

export interface TemplateKey {
  id: string;
  channel: Channel;
  locale: string;
}

export interface Template extends TemplateKey {
  purpose: Purpose | null;
  subject: string | null;
  body: string;
  html: string | null;
  version: number;
  updatedAt: string;
  updatedBy: string;
}

const COLUMNS = `id, channel, locale, purpose, subject, body, html, version, updated_at as "updatedAt", updated_by as "updatedBy"`;

export const findTemplate = async (
  tx: Queryable,
  { id, channel, locale }: TemplateKey,
): Promise<Template | undefined> => {
  const [row] = await tx<Template[]>`select ${tx.unsafe(COLUMNS)} from template
    where id = ${id} and channel = ${channel} and locale = ${locale}`;
  return row;
};

/** As `findTemplate`, and nobody else changes it (or makes it) until this transaction ends. */
export const lockTemplate = async (tx: Tx, key: TemplateKey): Promise<Template | undefined> => {
  await tx`select pg_advisory_xact_lock(hashtextextended(${`messaging.template ${JSON.stringify([key.id, key.channel, key.locale])}`}, 0))`;
  return findTemplate(tx, key);
};

/** All locales of the named templates on a channel. */
export const findTemplates = (tx: Queryable, channel: Channel, ids: readonly string[]): Promise<Template[]> =>
  tx<
    Template[]
  >`select ${tx.unsafe(COLUMNS)} from template where channel = ${channel} and id = any(${[...ids]}::text[])`;

/** Templates in the order of their keys, from after a given one on. */
export const listTemplates = (
  tx: Queryable,
  filter: { id: string | undefined; channel: Channel | undefined; after: TemplateKey | undefined; limit: number },
): Promise<Template[]> =>
  tx<Template[]>`select ${tx.unsafe(COLUMNS)} from template
    where (${filter.id ?? null}::text is null or id = ${filter.id ?? null})
      and (${filter.channel ?? null}::text is null or channel = ${filter.channel ?? null})
      and (${filter.after?.id ?? null}::text is null or
        (id, channel, locale) > (${filter.after?.id ?? ''}, ${filter.after?.channel ?? ''}, ${filter.after?.locale ?? ''}))
    order by id, channel, locale limit ${filter.limit}`;

export const saveTemplate = async (tx: Tx, template: Template): Promise<void> => {
  const { id, channel, locale, purpose, subject, body, html, version, updatedAt, updatedBy } = template;
  await tx`insert into template (id, channel, locale, purpose, subject, body, html, version, updated_at, updated_by)
    values (${id}, ${channel}, ${locale}, ${purpose}, ${subject}, ${body}, ${html}, ${version}, ${updatedAt}::timestamptz, ${updatedBy})
    on conflict (id, channel, locale) do update set purpose = excluded.purpose, subject = excluded.subject,
      body = excluded.body, html = excluded.html, version = excluded.version, updated_at = excluded.updated_at,
      updated_by = excluded.updated_by`;
};

export const deleteTemplateRow = async (tx: Tx, { id, channel, locale }: TemplateKey): Promise<void> => {
  await tx`delete from template where id = ${id} and channel = ${channel} and locale = ${locale}`;
};
