import { AppError } from '@vafa/kernel';

/** One part of a reward's stock: claims under way at the same time take from different parts and don't wait for each other. */
export interface StockPart {
  slot: number;
  remaining: number;
}

/** Parts of a stock: about as many as claims that a process has under way at once. */
export const STOCK_SLOTS = 16;

/**
 * What is left in each part when the stock of a reward is changed to a new total: what is not claimed, spread evenly.
 * @throws AppError conflict `ledger.stock_below_taken` when more than that is claimed already
 */
export const restock = (parts: readonly StockPart[], before: number, stock: number): StockPart[] => {
  const left = parts.reduce((sum, { remaining }) => sum + remaining, 0) + stock - before;
  if (left < 0)
    throw new AppError('conflict', 'ledger.stock_below_taken', 'more pieces than that are claimed already', {
      taken: stock - left,
      requested: stock,
    });
  const share = Math.floor(left / STOCK_SLOTS);
  return Array.from({ length: STOCK_SLOTS }, (_, slot) => ({
    slot,
    remaining: share + (slot < left % STOCK_SLOTS ? 1 : 0),
  }));
};
