import type { Queryable } from '@vafa/bus';
import { msOf } from './instants.ts';
import type { SealedFields } from './seal-text.ts';

export interface SealPlace {
  door: string;
  lane: number;
  seq: number;
}

export interface SealRow extends SealPlace {
  /** Hex. */
  prevHash: string;
  hash: string;
  atMs: number;
  /** Of its transfers, in their order. */
  ids: string[];
  checks: number[];
}

type Kept = Omit<SealRow, 'ids' | 'checks'> & { ids: Buffer; checks: Buffer };

const uuidAt = (bytes: Buffer, i: number): string => {
  const hex = bytes.toString('hex', i * 16, i * 16 + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

const toSeal = ({ ids, checks, ...row }: Kept): SealRow => ({
  ...row,
  ids: Array.from({ length: ids.length / 16 }, (_, i) => uuidAt(ids, i)),
  checks: Array.from({ length: checks.length / 4 }, (_, i) => checks.readUInt32BE(i * 4)),
});

/** A transfer as it is kept, with what sealing needs of it. */
export interface KeptTransfer extends SealedFields {
  occurredAtMs: number;
  recordedAtMs: number;
}

/** Seals looked at per page, and transfers per page, at most (one seal more than fits is never torn). */
const MAX_SEALS = 2_000;
const MAX_TRANSFERS = 10_000;

/** The next seals in the order of their chains: so many that their transfers fit a page, one at least. */
export const readSeals = async (db: Queryable, after: SealPlace | null): Promise<SealRow[]> => {
  const rows = await db<Kept[]>`
    select door, lane, seq, encode(prev_hash, 'hex') as "prevHash", encode(hash, 'hex') as hash,
      ${db.unsafe(msOf('at'))} as "atMs", ids, checks
    from (
      select *, sum(length(ids)) over (order by door, lane, seq) - length(ids) as before from (
        select * from ledger.seal
        where ${after === null} or (door, lane, seq) > (${after?.door ?? ''}::text, ${after?.lane ?? 0}::smallint, ${after?.seq ?? 0}::bigint)
        order by door, lane, seq limit ${MAX_SEALS}
      ) as page
    ) as counted
    where before < ${MAX_TRANSFERS * 16} order by door, lane, seq`;
  return rows.map(toSeal);
};

export const readSealedTransfers = (db: Queryable, ids: readonly string[]): Promise<KeptTransfer[]> =>
  db<KeptTransfer[]>`
    select id, seq, kind, debit, credit, amount, balance_after as "balanceAfter", order_id as "orderId",
      refund_id as "refundId", reservation_id as "reservationId", lot_id as "lotId", reverses_id as "reversesId",
      pair_id as "pairId", rule_id as "ruleId", rule_version as "ruleVersion", actor,
      explanation::text as explanation,
      ${db.unsafe(msOf('occurred_at'))} as "occurredAtMs", ${db.unsafe(msOf('recorded_at'))} as "recordedAtMs"
    from ledger.transfer where id = any(${`{${ids.join(',')}}`}::uuid[])`;

/** Transfers that no seal holds, and those that two hold. Ids are compared as the bytes that seals keep. */
export const findBadlySealed = (db: Queryable, limit: number): Promise<{ id: string; seals: number }[]> =>
  db<{ id: string; seals: number }[]>`
    with whole as materialized (
      -- Put together with nothing, a value that lies in pieces is read once, not once per id.
      select ids || ''::bytea as ids from ledger.seal
    ), sealed as (
      select substr(ids, 1 + 16 * nth, 16) as id, count(*) as seals
      from whole cross join lateral generate_series(0, length(ids) / 16 - 1) as nth group by 1
    )
    select t.id::text as id, coalesce(s.seals, 0) as seals
    from ledger.transfer t left join sealed s on s.id = uuid_send(t.id)
    where coalesce(s.seals, 0) <> 1 limit ${limit}`;

/** The last of each chain. */
export const readHeads = (db: Queryable): Promise<(SealPlace & { hash: string })[]> =>
  db<(SealPlace & { hash: string })[]>`
    select distinct on (door, lane) door, lane, seq, encode(hash, 'hex') as hash from ledger.seal
    order by door, lane, seq desc`;

/** The hashes at these places; what is not there is left out. */
export const findSealHashes = (
  db: Queryable,
  places: readonly SealPlace[],
): Promise<(SealPlace & { hash: string })[]> =>
  db<(SealPlace & { hash: string })[]>`
    select door, lane, seq, encode(hash, 'hex') as hash from ledger.seal
    join unnest(
      ${places.map(({ door }) => door)}::text[], ${places.map(({ lane }) => lane)}::smallint[],
      ${places.map(({ seq }) => seq)}::bigint[]
    ) as place (door, lane, seq) using (door, lane, seq)`;

export const countSeals = async (db: Queryable): Promise<number> => {
  const [row] = await db<{ seals: number }[]>`select count(*) as seals from ledger.seal`;
  return row?.seals ?? 0;
};
