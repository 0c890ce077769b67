import type { SlowBook, SlowHold, SlowLot } from './slow-book.fixture.ts';
import type { createSlowRefunds } from './slow-refunds.fixture.ts';

/** What is done with points by whoever asks for them: corrections, reservations, gifts. */
export const createSlowSpending = (
  book: SlowBook,
  refunds: ReturnType<typeof createSlowRefunds>,
  rules: { keptAliveBy: () => { redemption: boolean }; ownerOf: (name: string) => string },
) => {
  const { clock, customer, holds, available, log, give, takeOne, giveBack, expire } = book;
  const { ownerOf } = rules;
  /** Ends a hold of which so many points are not spent. */
  const end = (hold: SlowHold, pointsLeft: number): void => {
    book.payOffByRipe(hold.customerId);
    const before = book.active(hold.customerId);
    giveBack(hold, pointsLeft);
    // What is to be spent of it is there until it is.
    refunds.collect(hold, book.active(hold.customerId) - before);
    hold.open = false;
  };
  return {
    adjust: (name: string, points: number): boolean => {
      const customerId = ownerOf(name);
      if (points < 0 && available(customerId) < -points) return false;
      customer(customerId).known = true;
      expire(customerId);
      if (points > 0) {
        give(customerId, 'adjust', points, clock.nowMs);
        return true;
      }
      for (let point = 0; point < -points; point++) takeOne(customerId);
      log(customerId, 'adjust', points);
      return true;
    },
    /** Returns the number of the hold, or undefined when there are not enough points. */
    reserve: (name: string, points: number, ttlMs: number, orderId: string | null): number | undefined => {
      const customerId = ownerOf(name);
      if (available(customerId) < points) return undefined;
      expire(customerId);
      const from = new Map<SlowLot, number>();
      for (let point = 0; point < points; point++) {
        const lot = takeOne(customerId) as SlowLot;
        from.set(lot, (from.get(lot) ?? 0) + 1);
      }
      const parts = [...from].map(([lot, taken]) => ({ lot, points: taken }));
      const hold = { customerId, points, from: parts, expiresAtMs: clock.nowMs + ttlMs, open: true, orderId };
      return holds.push({ ...hold, captured: 0, capturedMs: 0 }) - 1;
    },
    capture: (hold: number, points: number): boolean => {
      const found = holds[hold];
      if (!found?.open || found.expiresAtMs <= clock.nowMs || points > found.points) return false;
      end(found, found.points - points);
      Object.assign(found, { open: false, captured: points, capturedMs: clock.nowMs });
      log(found.customerId, 'redeem', -points);
      refunds.spentBackLate(found);
      if (rules.keptAliveBy().redemption) book.keepAlive(found.customerId, clock.nowMs);
      return true;
    },
    release: (hold: number): boolean => {
      const found = holds[hold];
      if (!found?.open || found.expiresAtMs <= clock.nowMs) return false;
      end(found, found.points);
      return true;
    },
    /**
     * Gives point by point, those that expire first; they keep their expiry. Returns the lots that the other has now, or
     * undefined when there are not enough points, or the other was merged.
     */
    gift: (name: string, to: string, points: number): SlowLot[] | undefined => {
      const from = ownerOf(name);
      if (from === to || ownerOf(to) !== to || available(from) < points) return undefined;
      customer(to).known = true;
      expire(from);
      const given: SlowLot[] = [];
      for (let left = points; left > 0; ) {
        const endOf = (lot: SlowLot) => ({
          expiresAtMs: book.endOf(from, lot),
          keptBy: lot.slides ? ('any activity' as const) : ('nothing' as const),
        });
        const [first, ...others] = book.open(from) as [SlowLot, ...SlowLot[]];
        const end = endOf(first);
        const alike = [first, ...others].filter((lot) => JSON.stringify(endOf(lot)) === JSON.stringify(end));
        const together = Math.min(
          left,
          alike.reduce((sum, lot) => sum + lot.left, 0),
        );
        for (let point = 0; point < together; point++) takeOne(from, alike);
        log(from, 'transfer_out', -together);
        given.push(give(to, 'transfer_in', together, clock.nowMs, end));
        left -= together;
      }
      return given;
    },
    timeOut: (): void => {
      for (const hold of holds) if (hold.open && hold.expiresAtMs <= clock.nowMs) end(hold, hold.points);
    },
    heldPoints: (hold: number): number => holds[hold]?.points ?? 0,
  };
};
