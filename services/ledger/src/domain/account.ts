import { AppError, assert } from '@vafa/kernel';

/** What a customer has, as the balance row keeps it. Changed in memory while its row is locked, then written back. */
export interface Account {
  customerId: string;
  active: number;
  /** Earned but not spendable yet. */
  pending: number;
  reserved: number;
  deficit: number;
  earned: number;
  clawedBack: number;
  spent: number;
  expired: number;
  adjusted: number;
  moved: number;
  /** What those who were merged into it had earned, spent and lost by expiry: their entries stay theirs. */
  formerEarned: number;
  formerSpent: number;
  formerExpired: number;
  seq: number;
  /** Lower bound of the open lots' expiry, milliseconds since 1970; null = none expires. */
  nextExpiryMs: number | null;
  /** Upper bound of the open lots' own expiry, where some expire. */
  lastExpiryMs: number | null;
  /** The same as `nextExpiryMs` for lots not yet announced as expiring soon. */
  nextUnnoticedMs: number | null;
  /** Lower bound of the instants at which pending lots become spendable or are lost; null = none is pending. */
  nextActivationMs: number | null;
  /** Activity keeps points that would expire earlier until then; null = there was none, or points don't slide. */
  slidesUntilMs: number | null;
  /** Lower bound of the instants at which refunds that are open for later orders are closed; null = none is open. */
  nextClosingMs: number | null;
}

/** What is told of an account. */
export type ToldAccount = Pick<
  Account,
  | ('active' | 'pending' | 'reserved' | 'deficit' | 'earned' | 'spent' | 'expired')
  | ('formerEarned' | 'formerSpent' | 'formerExpired')
>;

export const emptyAccount = (customerId: string): Account => ({
  customerId,
  active: 0,
  pending: 0,
  reserved: 0,
  deficit: 0,
  earned: 0,
  clawedBack: 0,
  spent: 0,
  expired: 0,
  adjusted: 0,
  moved: 0,
  formerEarned: 0,
  formerSpent: 0,
  formerExpired: 0,
  seq: 0,
  nextExpiryMs: null,
  lastExpiryMs: null,
  nextUnnoticedMs: null,
  nextActivationMs: null,
  slidesUntilMs: null,
  nextClosingMs: null,
});

/** What the entries of the customer's own account add up to; pending points stand beside it. */
export const booked = (account: Account): number => account.active + account.reserved - account.deficit;

/** @throws Error when our own arithmetic is wrong; nothing is written then */
export const assertBalanced = (account: Account): void => {
  const { active, pending, reserved, deficit } = account;
  const { earned, clawedBack, spent, expired, adjusted, moved } = account;
  assert(active >= 0 && pending >= 0 && reserved >= 0 && deficit >= 0, 'no part of an account is negative');
  assert(deficit === 0 || active === 0, 'nothing is spendable while points are owed');
  assert(booked(account) + pending === earned - clawedBack - spent - expired + adjusted + moved, 'an account adds up');
};

/** The most that one customer may have: events tell of no larger balance, and a few of it are still summed exactly in JSON. */
export const MAX_HELD = 1_000_000_000_000_000;

/**
 * To be asked of what a customer has, pending points too, once more was given.
 * @throws AppError rejected `ledger.points_out_of_range`
 */
export const assertCountable = (held: number): void => {
  if (held > MAX_HELD)
    throw new AppError(
      'rejected',
      'ledger.points_out_of_range',
      `a customer may have ${MAX_HELD} points at most, pending ones too`,
    );
};

/** The earlier of two bounds, where null is none. */
export const earlierMs = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

/** The later of two bounds, where null is none. */
export const laterMs = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
