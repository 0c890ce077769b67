import { type Queryable, type Tx, textList } from '@vafa/bus';
import type { HeldClaim, HeldDue } from '../domain/held-claims.ts';
import { isoOf } from './instants.ts';

type HeldTuple = [orderId: string, ruleId: string, earnId: string, points: number];
type Held = [heldBy: string[], ...dues: HeldTuple[]];

interface Row {
  refundId: string;
  customerId: string;
  occurredAt: string;
  held: Held;
}

const heldJson = (heldBy: Iterable<string>, dues: readonly HeldDue[]): string | null => {
  const ids = [...heldBy];
  const left = dues.flatMap(({ orderId, ruleId, earnId, points }): HeldTuple[] =>
    points === 0 ? [] : [[orderId, ruleId, earnId, points]],
  );
  return ids.length === 0 || left.length === 0 ? null : JSON.stringify([ids, ...left] satisfies Held);
};

/** Refunds of which something is held, as they are booked. */
export interface NewHeld {
  refund: { refundId: string; customerId: string };
  held: readonly HeldDue[];
}

/**
 * Keeps what refunds are to take of the points that their customers' open reservations hold, with what is held of them since before:
 * all that are open hold all of it then. The accounts are locked.
 */
export const keepHeld = async (tx: Tx, cases: readonly NewHeld[]): Promise<void> => {
  const customers = [...new Set(cases.map(({ refund }) => refund.customerId))];
  const open = await tx<{ id: string; customerId: string }[]>`
    update reservation set claimed = true where id = any(array(
      select id from reservation where customer_id = any(${textList(tx, customers)}) and status = 'held' order by id for update
    )) returning id, customer_id as "customerId"`;
  const byCustomer = Map.groupBy(open, ({ customerId }) => customerId);
  const texts = cases.map(({ refund, held }) =>
    heldJson(
      (byCustomer.get(refund.customerId) ?? []).map(({ id }) => id),
      held,
    ),
  );
  await tx`update refund r set held = case when r.held is null then u.held::jsonb
      else jsonb_build_array(u.held::jsonb -> 0) || (r.held - 0) || (u.held::jsonb - 0) end
    from unnest(${cases.map(({ refund }) => refund.refundId)}::text[], ${texts}::text[]) as u (refund_id, held)
    where r.refund_id = u.refund_id and u.held is not null`;
};

/** What refunds are to take of what these customers' reservations hold. */
export const findHeldClaims = async (db: Queryable, customerIds: readonly string[]): Promise<HeldClaim[]> => {
  const rows = await db<
    Row[]
  >`select refund_id as "refundId", customer_id as "customerId", occurred_at as "occurredAt", held
    from refund where customer_id = any(${textList(db, customerIds)}) and held is not null`;
  return rows.map(({ held: [heldBy, ...dues], occurredAt, ...refund }) => ({
    refund: { ...refund, occurredAt: isoOf(occurredAt) },
    dues: dues.map(([orderId, ruleId, earnId, points]) => ({ orderId, ruleId, earnId, points, taken: 0 })),
    heldBy: new Set(heldBy),
  }));
};

/** The claims of those whose reservations have some; nobody else's are looked for. */
export const findClaimsOn = async (
  db: Queryable,
  reservations: readonly { customerId: string; claimed: boolean }[],
): Promise<HeldClaim[]> => {
  const customers = reservations.flatMap(({ customerId, claimed }) => (claimed ? [customerId] : []));
  return customers.length === 0 ? [] : findHeldClaims(db, [...new Set(customers)]);
};

/** Points that a refund took of an order. */
interface Taken {
  refundId: string;
  orderId: string;
  points: number;
}

const saveLeft = async (tx: Tx, claims: readonly HeldClaim[]): Promise<void> => {
  await tx`update refund r set held = u.held::jsonb
    from unnest(${claims.map(({ refund }) => refund.refundId)}::text[],
      ${claims.map(({ heldBy, dues }) => heldJson(heldBy, dues))}::text[]) as u (refund_id, held)
    where r.refund_id = u.refund_id`;
};

/** Counts it for the orders and the refunds, also in what each refund took of which order. */
const countTaken = async (tx: Tx, taken: readonly Taken[]): Promise<void> => {
  await tx`
    with taken as (
      select "refundId" as refund_id, "orderId" as order_id, sum(points)::bigint as points
      from json_to_recordset(${JSON.stringify(taken)}::text::json) as t ("refundId" text, "orderId" text, points bigint)
      group by 1, 2
    ), orders as (
      update purchase p set points_taken_back = points_taken_back + t.points
      from (select order_id, sum(points)::bigint as points from taken group by 1) t where p.order_id = t.order_id
    )
    update refund r set points_taken = points_taken + t.points, matches = (
      select jsonb_agg(case when own.points is null then m.match
        else jsonb_set(m.match, '{3}', to_jsonb((m.match ->> 3)::bigint + own.points)) end order by m.nth)
      from jsonb_array_elements(r.matches) with ordinality as m (match, nth)
      left join taken own on own.refund_id = r.refund_id and own.order_id = m.match ->> 0
    )
    from (select refund_id, sum(points)::bigint as points from taken group by 1) t where r.refund_id = t.refund_id`;
};

/** Writes what refunds took of what ended reservations gave back, and what is left to take, at once. Their accounts are locked. */
export const saveClaims = async (tx: Tx, claims: readonly HeldClaim[]): Promise<void> => {
  const taken = claims.flatMap(({ refund: { refundId }, dues }) =>
    dues.flatMap(({ orderId, taken: points }): Taken[] => (points === 0 ? [] : [{ refundId, orderId, points }])),
  );
  await Promise.all([saveLeft(tx, claims), taken.length > 0 ? countTaken(tx, taken) : undefined]);
};

/** Lets go what refunds were to take of what a customer's reservations hold. */
export const dropHeld = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`update refund set held = null where customer_id = ${customerId} and held is not null`;
};
