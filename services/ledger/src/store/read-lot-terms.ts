import type { Queryable } from '@vafa/bus';
import type { ActiveProgramme, Programme } from '../domain/programme.ts';
import type { TransferKind } from '../domain/transfer.ts';
import { msOf } from './instants.ts';

/** A lot with what tells from when to when its points could be spent: its credit, its owner, and where a gift came from. */
export interface LotTerms {
  id: string;
  pending: number;
  expiresAtMs: number | null;
  pendingUntilMs: number | null;
  awaits: string | null;
  /** Its points were pending, and became spendable. */
  activated: boolean;
  tier: string | null;
  /** Of its credit. */
  kind: TransferKind;
  /** Account that the credit went to. */
  account: string;
  ruleId: string | null;
  ruleVersion: number | null;
  occurredAtMs: number;
  recordedAtMs: number;
  /** Of its owner: activity kept lots until then. */
  slidesUntilMs: number | null;
  /** Activity may have kept it until then. */
  slides: boolean;
  /** Of a gift: earliest and latest expiry of the lots that gave it, and until when activity keeps those. */
  givenFromMs: number | null;
  givenToMs: number | null;
  giverSlidesMs: number | null;
}

/** Lots read at once. */
const PAGE = 10_000;

/** The next lots in the order of their ids, with their credits; those without one are left out. */
export const readLotTerms = (db: Queryable, afterId: string | null): Promise<LotTerms[]> =>
  db<LotTerms[]>`
    select l.id, l.pending, ${db.unsafe(msOf('l.expires_at'))} as "expiresAtMs",
      l.slides, ${db.unsafe(msOf('l.pending_until'))} as "pendingUntilMs", l.awaits,
      l.activated_at is not null as activated, l.tier, t.kind, t.credit as account, t.rule_id as "ruleId", t.rule_version as "ruleVersion",
      ${db.unsafe(msOf('t.occurred_at'))} as "occurredAtMs", ${db.unsafe(msOf('t.recorded_at'))} as "recordedAtMs",
      ${db.unsafe(msOf('b.slides_until'))} as "slidesUntilMs", ${db.unsafe(msOf('given.first'))} as "givenFromMs",
      ${db.unsafe(msOf('given.last'))} as "givenToMs", ${db.unsafe(msOf('given.slides'))} as "giverSlidesMs"
    from (
      select * from ledger.lot where ${afterId}::uuid is null or id > ${afterId}::uuid order by id limit ${PAGE}
    ) as l
    -- Offset: looked up one by one, as a page is little of the book.
    cross join lateral (select * from ledger.transfer where transfer.id = l.id offset 0) as t
    left join lateral (select slides_until from ledger.balance where balance.customer_id = l.customer_id offset 0) as b on true
    left join lateral (
      select min(g.expires_at) as first, max(g.expires_at) as last, max(gb.slides_until) as slides
      from ledger.allocation a join ledger.lot g on g.id = a.lot_id left join ledger.balance gb on gb.customer_id = g.customer_id
      where t.kind = 'transfer_in' and a.owner_id = t.pair_id and g.slides = l.slides
    ) as given on true
    order by l.id`;

/** A version of the programme, and when it came into force. */
export type DatedProgramme = ActiveProgramme & { sinceMs: number };

/** Every version there was, the first one first. */
export const readAllProgrammes = async (db: Queryable): Promise<DatedProgramme[]> => {
  const rows = await db<{ version: number; definition: Programme; sinceMs: number }[]>`
    select version, definition, ${db.unsafe(msOf('created_at'))} as "sinceMs" from ledger.programme_version order by version`;
  return rows.map(({ definition, ...row }) => ({ ...definition, ...row }));
};

export const countLots = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ lots: number }[]>`select count(*) as lots from ledger.lot`;
  return row?.lots ?? 0;
};
