import { plainArray, type Queryable, type Tx } from '@vafa/bus';
import type { Allocation } from '../domain/book.ts';

export const insertAllocations = async (tx: Tx, allocations: readonly Allocation[]): Promise<void> => {
  await tx`
    insert into allocation (owner_id, lot_id, points, returned)
    select * from unnest(
      ${plainArray(allocations.map(({ ownerId }) => ownerId))}::uuid[], ${plainArray(allocations.map(({ lotId }) => lotId))}::uuid[],
      ${plainArray(allocations.map(({ points }) => points))}::bigint[], ${plainArray(allocations.map(({ returned }) => returned))}::bigint[])`;
};

export const saveAllocations = async (tx: Tx, allocations: readonly Allocation[]): Promise<void> => {
  await tx`
    update allocation a set returned = u.returned
    from unnest(
      ${plainArray(allocations.map(({ ownerId }) => ownerId))}::uuid[], ${plainArray(allocations.map(({ lotId }) => lotId))}::uuid[],
      ${plainArray(allocations.map(({ returned }) => returned))}::bigint[]
    ) as u (owner_id, lot_id, returned)
    where a.owner_id = u.owner_id and a.lot_id = u.lot_id`;
};

export const findAllocations = (db: Queryable, ownerIds: readonly string[]): Promise<Allocation[]> =>
  db<Allocation[]>`select owner_id as "ownerId", lot_id as "lotId", points, returned from allocation
    where owner_id = any(${plainArray(ownerIds)}::uuid[])`;
