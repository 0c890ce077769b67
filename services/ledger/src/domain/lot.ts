/** What is asked of the entry that brought a lot. */
export interface LotEntry {
  /** Null = no order brought it. */
  orderId: string | null;
  /** Null = no rule brought it, nor the rate. */
  ruleId: string | null;
}

/** The points of one credit that are spent, expired and taken back together. */
export interface Lot {
  /** Also the id of the transfer that brought the points. */
  id: string;
  customerId: string;
  granted: number;
  /** Spendable. */
  remaining: number;
  /** Not spendable yet; then `remaining` is 0. */
  pending: number;
  /** Went into a deficit at once. */
  absorbed: number;
  expired: number;
  /** The part of `expired` that counts as taken back by refunds. */
  waived: number;
  /** Milliseconds since 1970; null = never. */
  expiresAtMs: number | null;
  /** Activity may keep it longer, see `slidesIn`. */
  slides: boolean;
  noticed: boolean;
  /** While pending: when it becomes spendable, or, where it awaits an interaction, when it is lost for want of it. */
  pendingUntilMs: number | null;
  /** Type of the interaction that a pending lot awaits; null = only time. */
  awaits: string | null;
  /** When its points became spendable that were pending before, or had been in time; null = they never were pending. */
  activatedMs: number | null;
  /** Known of new lots, and of those that are read because they await something; the transfer keeps it. */
  entry?: LotEntry;
}

/** Order of spending: earliest expiry first, those that never expire last, then by id (older first). */
export const bySpending = (a: Pick<Lot, 'id' | 'expiresAtMs'>, b: Pick<Lot, 'id' | 'expiresAtMs'>): number => {
  if (a.expiresAtMs !== b.expiresAtMs) {
    if (a.expiresAtMs === null) return 1;
    if (b.expiresAtMs === null) return -1;
    return a.expiresAtMs - b.expiresAtMs;
  }
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
};

export const isPastExpiry = (lot: Lot, nowMs: number): boolean => lot.expiresAtMs !== null && lot.expiresAtMs <= nowMs;
