import type { Queryable } from '@vafa/bus';
import type { ToldAccount } from '../domain/account.ts';
import { resolveCustomer } from './accounts.ts';
import { monthOf, monthsBetween } from './expiry-months.ts';
import { isoOf } from './instants.ts';
import { payingOff } from './lots.ts';

/** What a customer has at an instant. */
export interface BalanceAt {
  /** The customer asked for, or the one it was merged into. */
  customerId: string;
  account: ToldAccount;
  nextExpiration: { points: number; at: string } | null;
  /** Of points that only wait for their time. */
  nextActivation: { points: number; at: string } | null;
}

interface Row extends ToldAccount {
  /** Past their expiry. */
  due: number;
  /** Pending points whose time is up: to become spendable, and of those already past their expiry; to be lost. */
  ripe: number;
  ripeDue: number;
  lapsed: number;
  expiring: number | null;
  expiringAt: string | null;
  activating: number | null;
  activatingAt: string | null;
}

const NOTHING: Row = {
  ...{ active: 0, pending: 0, reserved: 0, deficit: 0, earned: 0, spent: 0, expired: 0 },
  ...{ formerEarned: 0, formerSpent: 0, formerExpired: 0 },
  ...{ due: 0, ripe: 0, ripeDue: 0, lapsed: 0 },
  ...{ expiring: null, expiringAt: null, activating: null, activatingAt: null },
};

/** The balance row as it will be once the sweeps have been by. */
const settle = (row: Row): BalanceAt['account'] => {
  const { due, ripe, ripeDue, lapsed, active, pending, deficit, expired } = row;
  // What is owed is paid off by the first that becomes spendable; a part that then would have expired can't any more.
  const absorbed = Math.min(deficit, ripe);
  const lost = due + Math.min(ripeDue, ripe - absorbed);
  const settled = {
    active: active + ripe - absorbed - lost,
    pending: pending - ripe - lapsed,
    deficit: deficit - absorbed,
    expired: expired + lost + lapsed,
  };
  const { reserved, earned, spent, formerEarned, formerSpent, formerExpired } = row;
  return { ...settled, reserved, earned, spent, formerEarned, formerSpent, formerExpired };
};

const pointsAt = (points: number | null, at: string | null) =>
  points === null || at === null ? null : { points, at: isoOf(at) };

const readRow = async (db: Queryable, customerId: string, now: Temporal.Instant): Promise<Row> => {
  const nowIso = now.toString();
  const month = db.unsafe(monthOf('lot'));
  const monthsUntilNow = db.unsafe(monthsBetween('balance', { to: 'clock.now', never: false }));
  const months = db.unsafe(monthsBetween('balance', { never: false }));
  const keptTo = db`greatest(expires_at, case when lot.slides then slides_until end)`;
  const lasting = db`
    (expires_at > ${nowIso}::timestamptz or lot.slides and lot.expired = 0 and slides_until > ${nowIso}::timestamptz)`;
  const payingOffSql = db.unsafe(payingOff('lot'));
  const [row = NOTHING] = await db<Row[]>`
    select active, pending, reserved, deficit, earned, spent, expired, former_earned as "formerEarned",
      former_spent as "formerSpent", former_expired as "formerExpired",
      case when next_expiry_at <= ${nowIso}::timestamptz then (
        select coalesce(sum(remaining), 0)::bigint from lot
        where ${month} = any(m.months) and lot.customer_id = ${customerId} and remaining > 0 and expires_at <= ${nowIso}::timestamptz
          and (not lot.slides or lot.expired > 0 or slides_until is null or slides_until <= ${nowIso}::timestamptz)
      ) else 0 end as due, coalesce(p.ripe, 0) as ripe, coalesce(p.ripe_due, 0) as "ripeDue",
      coalesce(p.lapsed, 0) as lapsed, expiring.points as expiring, expiring.at as "expiringAt",
      activating.points as activating, activating.at as "activatingAt"
    from balance
    cross join (select ${nowIso}::timestamptz as now) as clock
    cross join lateral (select ${monthsUntilNow} as months offset 0) m
    cross join lateral (select ${months} as months offset 0) every
    left join lateral (
      select coalesce(sum(lot.pending) filter (where awaits is null), 0)::bigint as ripe,
        -- What awaits something has no expiry yet.
        coalesce(sum(lot.pending) filter (where expires_at is not null
          and greatest(expires_at, case when lot.slides then slides_until end) <= ${nowIso}::timestamptz), 0)::bigint as ripe_due,
        coalesce(sum(lot.pending) filter (where awaits is not null), 0)::bigint as lapsed
      from lot where balance.next_activation_at <= ${nowIso}::timestamptz and lot.customer_id = balance.customer_id
        and lot.pending > 0 and pending_until <= ${nowIso}::timestamptz
    ) p on true
    left join lateral (
      select sum(points)::bigint as points, at from (
        select remaining as points, ${keptTo} as at from lot
        where ${month} = any(every.months) and lot.customer_id = ${customerId} and remaining > 0 and ${lasting}
        union all
        select lot.pending - ${payingOffSql}, ${keptTo} from lot
        where balance.next_activation_at <= ${nowIso}::timestamptz and lot.customer_id = ${customerId} and lot.pending > 0
          and pending_until <= ${nowIso}::timestamptz and ${payingOffSql} < lot.pending and expires_at is not null and ${lasting}
      ) as ends group by at order by at limit 1
    ) expiring on true
    left join lateral (
      select sum(lot.pending)::bigint as points, pending_until as at from lot
      where lot.customer_id = ${customerId} and lot.pending > 0 and pending_until > ${nowIso}::timestamptz and awaits is null
      group by pending_until order by pending_until limit 1
    ) activating on true
    where balance.customer_id = ${customerId}`;
  return row;
};

/**
 * The balance at an instant, read by one statement, so that its parts belong together: what is past its expiry counts as
 * expired and what has waited long enough as spendable, whether or not the sweep has been by. A customer
 * nothing is known of has nothing.
 */
export const readBalance = async (db: Queryable, asked: string, now: Temporal.Instant): Promise<BalanceAt> => {
  // Hardly anybody was merged: both are asked at once, and the other's row in the rare case.
  const [customerId, own] = await Promise.all([resolveCustomer(db, asked), readRow(db, asked, now)]);
  const row = customerId === asked ? own : await readRow(db, customerId, now);
  return {
    customerId,
    account: settle(row),
    nextExpiration: pointsAt(row.expiring, row.expiringAt),
    nextActivation: pointsAt(row.activating, row.activatingAt),
  };
};
