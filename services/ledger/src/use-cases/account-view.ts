import type { Account } from '../domain/account.ts';

/** An account as callers see it. */
export interface AccountView {
  active: number;
  /** Points that are not spendable yet; none so far, every point is active at once. */
  pending: number;
  reserved: number;
  spent: number;
  expired: number;
  /** Owed after refunds of spent points; positive. */
  negative: number;
  /** All ever earned by purchases, refunded ones included. */
  earned: number;
}

type Parts = Pick<Account, 'active' | 'reserved' | 'spent' | 'expired' | 'deficit' | 'earned'>;

export const viewOf = ({ active, reserved, spent, expired, deficit, earned }: Parts): AccountView => ({
  active,
  pending: 0,
  reserved,
  spent,
  expired,
  negative: deficit,
  earned,
});
