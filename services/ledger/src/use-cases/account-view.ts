import type { Account } from '../domain/account.ts';

/** An account as callers see it. */
export interface AccountView {
  active: number;
  /** Earned, not spendable yet. */
  pending: number;
  reserved: number;
  spent: number;
  expired: number;
  /** Owed after refunds of spent points; positive. */
  negative: number;
  /** All ever earned by purchases, refunded ones included. */
  earned: number;
}

type Parts = Pick<Account, 'active' | 'pending' | 'reserved' | 'spent' | 'expired' | 'deficit' | 'earned'>;

export const viewOf = ({ active, pending, reserved, spent, expired, deficit, earned }: Parts): AccountView => ({
  active,
  pending,
  reserved,
  spent,
  expired,
  negative: deficit,
  earned,
});
