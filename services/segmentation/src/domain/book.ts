import type { Customer } from './customer.ts';
import type { History } from './history.ts';
import type { Settings } from './thresholds.ts';

/** What is on record under an order id. */
export interface KnownOrder {
  contentHash: string;
  /** Null when its customer was erased. */
  customerId: string | null;
  currency: string;
}

/** A customer's orders and refunds, where a refund makes them matter. */
export interface LoadedHistory extends History {
  /** False when there were more than are looked back at: then only the difference of what is here counts. */
  complete: boolean;
}

/** Everything that decisions on a batch of purchases and refunds rest on. */
export interface Book {
  settings: Settings;
  /** By the id that events use; after a merge two ids lead to one customer. */
  customers: ReadonlyMap<string, Customer>;
  /** When customers were erased who are told of again: what happened before stays forgotten. */
  erasedAt: ReadonlyMap<string, Temporal.Instant>;
  orders: ReadonlyMap<string, KnownOrder>;
  /** Content hash by refund id. */
  refunds: ReadonlyMap<string, string>;
  /** By customer id: of everyone with a refund in the batch or one that an order of the batch may meet. */
  histories: ReadonlyMap<string, LoadedHistory>;
}
