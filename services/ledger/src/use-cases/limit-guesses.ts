import type { Queryable, Sql } from '@vafa/bus';
import { AppError, idFrom } from '@vafa/kernel';
import type { CodeResult, CouponRejection } from '../domain/coupons/apply-coupons.ts';
import { resolveCustomer } from '../store/accounts.ts';
import { addWrongCodes, findWrongCodes, type WrongCodes } from '../store/wrong-codes.ts';

/** How many wrong codes are let pass within a window. */
export interface GuessLimits {
  perCustomer: number;
  /** Of all who are nobody in particular, by API key: else one guest who guesses would stop every customer of a shop. */
  perKey: number;
  windowSeconds: number;
}

/** Who types codes: a customer, or nobody in particular of those whom an API key serves. */
export interface Guesser {
  customerId: string | null;
  apiKey: string;
}

/** What one who guesses is told: no such code, or another's. */
const WRONG: readonly CouponRejection[] = ['not_found', 'mistyped', 'other_customer'];

/** A code that is sent twice is wrong once: the second is a `duplicate`. */
const countWrong = (results: readonly CodeResult[]): number =>
  results.filter((each) => !each.accepted && WRONG.includes(each.reason)).length;

/** Kept as a hash: nothing of it is to be forgotten when a customer is erased. */
const keyOf = async (db: Queryable, { customerId, apiKey }: Guesser): Promise<string> =>
  customerId === null
    ? idFrom('guesser', 'key', apiKey)
    : idFrom('guesser', 'customer', await resolveCustomer(db, customerId));

/**
 * Lets nobody try out codes: counts the wrong ones and refuses once there are too many, right ones too, until the window is
 * over. Counted in the database, as the count must not begin anew with another process or a restart.
 */
export const limitGuesses = (sql: Sql, limits: GuessLimits) => {
  const windowAt = (now: Temporal.Instant) => ({
    afterIso: now.subtract({ seconds: limits.windowSeconds }).toString(),
    nowIso: now.toString(),
  });
  const limitOf = ({ customerId }: Guesser): number => (customerId === null ? limits.perKey : limits.perCustomer);
  const tooMany = ({ sinceMs }: WrongCodes, now: Temporal.Instant): AppError =>
    new AppError('rate_limited', 'ledger.too_many_wrong_codes', 'too many wrong coupon codes, try again later', {
      retryAfterSeconds: Math.max(1, Math.ceil((sinceMs - now.epochMilliseconds) / 1_000) + limits.windowSeconds),
    });
  return {
    /** @throws AppError rate_limited `ledger.too_many_wrong_codes` when there were as many as are let pass */
    check: async (db: Queryable, guesser: Guesser, now: Temporal.Instant): Promise<void> => {
      const found = await findWrongCodes(db, await keyOf(db, guesser), windowAt(now).afterIso);
      if (found && found.wrong >= limitOf(guesser)) throw tooMany(found, now);
    },
    /**
     * Counts what was wrong of an answer that is about to be given.
     * @throws AppError rate_limited `ledger.too_many_wrong_codes` when others at the same moment were wrong so often that this
     * answer is one too many
     */
    count: async (guesser: Guesser, results: readonly CodeResult[], now: Temporal.Instant): Promise<void> => {
      const wrong = countWrong(results);
      if (wrong === 0) return;
      const sum = await addWrongCodes(sql, await keyOf(sql, guesser), wrong, windowAt(now));
      if (sum && sum.wrong - wrong >= limitOf(guesser)) throw tooMany(sum, now);
    },
  };
};
