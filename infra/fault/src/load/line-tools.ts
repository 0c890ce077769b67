import type { Random } from '../random.ts';
import type { Shop } from '../shop.ts';
import type { Answer } from './ask.ts';
import type { Acknowledged } from './deeds.ts';

/** What the deeds of one customer have in common. */
export interface LineTools {
  customerId: string;
  random: Random;
  done: Acknowledged;
  shop: Shop;
  /** Asks the ledger until it is told yes or no. */
  post(path: string, body: object, idempotencyKey?: string): Promise<Answer | undefined>;
  /** True for a yes; what else comes is noted. */
  isTaken(answer: Answer | undefined, what: string): answer is Answer;
  /** A name that this customer has not used before. */
  nameOf(what: string): string;
}
