import type { Queryable, Tx } from '@vafa/bus';
import { plainArray } from '@vafa/bus';

export interface AwardClaim {
  /** UUID made of the natural key. */
  key: string;
  contentHash: string | null;
  transferId: string;
}

/** Takes awards in hand, in the order of their keys; returns the keys of those that were not given before. */
export const claimAwards = async (tx: Tx, claims: readonly AwardClaim[]): Promise<Set<string>> => {
  const rows = await tx<{ key: string }[]>`
    insert into rule_award (key, content_hash, transfer_id)
    select * from unnest(
      ${plainArray(claims.map(({ key }) => key))}::uuid[],
      ${plainArray(claims.map(({ contentHash }) => contentHash))}::uuid[],
      ${plainArray(claims.map(({ transferId }) => transferId))}::uuid[]
    ) as u (key, content_hash, transfer_id)
    order by key
    on conflict do nothing returning key`;
  return new Set(rows.map(({ key }) => key));
};

/** Entries that awards of these keys were to make, by key; those that were never given are left out. */
export const findAwardEntries = async (db: Queryable, keys: readonly string[]): Promise<Map<string, string>> => {
  const rows = await db<{ key: string; transferId: string }[]>`
    select key, transfer_id as "transferId" from rule_award where key = any(${plainArray(keys)}::uuid[])`;
  return new Map(rows.map(({ key, transferId }) => [key, transferId]));
};

export const findAward = async (db: Queryable, key: string): Promise<AwardClaim | undefined> => {
  const [row] = await db<AwardClaim[]>`
    select key, content_hash as "contentHash", transfer_id as "transferId" from rule_award where key = ${key}`;
  return row;
};
