import type { Queryable } from '@vafa/bus';
import type { Account } from '../domain/account.ts';
import { resolveCustomer } from './accounts.ts';
import { isoOf } from './instants.ts';

/** What a customer has at an instant. */
export interface BalanceAt {
  /** The customer asked for, or the one it was merged into. */
  customerId: string;
  account: Pick<Account, 'active' | 'reserved' | 'deficit' | 'earned' | 'spent' | 'expired'>;
  nextExpiration: { points: number; at: string } | null;
}

interface Row {
  active: number;
  reserved: number;
  deficit: number;
  earned: number;
  spent: number;
  expired: number;
  due: number;
}

const NOTHING: Row = { active: 0, reserved: 0, deficit: 0, earned: 0, spent: 0, expired: 0, due: 0 };

/**
 * The balance at an instant: what is past its expiry counts as expired, whether or not the sweep has been by. A customer
 * nothing is known of has nothing.
 */
export const readBalance = async (db: Queryable, asked: string, now: Temporal.Instant): Promise<BalanceAt> => {
  const customerId = await resolveCustomer(db, asked);
  const nowIso = now.toString();
  const [rows, next] = await Promise.all([
    db<Row[]>`
      select active, reserved, deficit, earned, spent, expired,
        case when next_expiry_at <= ${nowIso}::timestamptz then (
          select coalesce(sum(remaining), 0)::bigint from lot
          where customer_id = ${customerId} and remaining > 0 and expires_at <= ${nowIso}::timestamptz
        ) else 0 end as due
      from balance where customer_id = ${customerId}`,
    db<{ points: number; at: string }[]>`
      select sum(remaining)::bigint as points, expires_at as at from lot
      where customer_id = ${customerId} and remaining > 0 and expires_at > ${nowIso}::timestamptz
      group by expires_at order by expires_at limit 1`,
  ]);
  const { due, ...row } = rows[0] ?? NOTHING;
  const [earliest] = next;
  return {
    customerId,
    account: { ...row, active: row.active - due, expired: row.expired + due },
    nextExpiration: earliest ? { points: earliest.points, at: isoOf(earliest.at) } : null,
  };
};
