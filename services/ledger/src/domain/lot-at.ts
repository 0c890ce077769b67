/** What is told of a lot's points, as its row has it. */
export interface LotState {
  remaining: number;
  pending: number;
  absorbed: number;
  expired: number;
  /** When it expires as things stand, milliseconds since 1970; null = never. Activity may have kept it. */
  keptUntilMs: number | null;
  pendingUntilMs: number | null;
  awaits: string | null;
  /** What its pending points will pay off of what is owed, once they are spendable. */
  payingOff: number;
}

const activated = <State extends LotState>(lot: State): State => {
  const { pending, absorbed, expired, payingOff } = lot;
  const settled = { ...lot, pending: 0, pendingUntilMs: null };
  return lot.awaits === null
    ? { ...settled, remaining: pending - payingOff, absorbed: absorbed + payingOff }
    : { ...settled, expired: expired + pending };
};

/**
 * A lot at an instant, whether or not the sweeps have been by: what has waited long enough is spendable, or lost where it awaited an
 * interaction in vain; what is past its expiry is expired. The balance is read in the same way (`readBalance`).
 */
export const lotAt = <State extends LotState>(row: State, nowMs: number): State => {
  const isRipe = row.pending > 0 && row.pendingUntilMs !== null && row.pendingUntilMs <= nowMs;
  const lot = isRipe ? activated(row) : row;
  const { remaining, keptUntilMs } = lot;
  if (remaining === 0 || keptUntilMs === null || keptUntilMs > nowMs) return lot;
  return { ...lot, remaining: 0, expired: lot.expired + remaining };
};
