import type { ToldAccount } from '../domain/account.ts';

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
  /** All ever earned by purchases, refunded ones and those of who was merged into it included. */
  earned: number;
}

/** What is told of an account: of those who were merged into it, too, whatever came back after that. */
export const viewOf = ({ active, pending, reserved, deficit, ...counted }: ToldAccount): AccountView => ({
  active,
  pending,
  reserved,
  spent: counted.spent + counted.formerSpent,
  expired: counted.expired + counted.formerExpired,
  negative: deficit,
  earned: counted.earned + counted.formerEarned,
});
