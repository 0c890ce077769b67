import { expect } from 'vitest';
import type { LedgerHarness } from './ledger.fixture.ts';
import { CUSTOMERS } from './operations.fixture.ts';

interface Told {
  lotId: string;
  remaining: number;
  pending: number;
  expiresAt: string | null;
}

const readAll = async (ledger: LedgerHarness, customerId: string) => {
  const lotsIn = async (state: string): Promise<Told[]> => {
    const page = (await ledger.call('GET', `/v1/customers/${customerId}/lots?state=${state}&limit=200`)).json();
    expect(page).not.toHaveProperty('nextCursor');
    return page.lots;
  };
  const [balance, open, pending, all] = await Promise.all([
    ledger.balance(customerId),
    lotsIn('open'),
    lotsIn('pending'),
    lotsIn('all'),
  ]);
  return { balance, open, pending, all };
};

const sum = (lots: readonly Told[], part: 'remaining' | 'pending'): number =>
  lots.reduce((points, lot) => points + lot[part], 0);
const byId = (lots: readonly Told[]): Told[] => lots.toSorted((a, b) => (a.lotId < b.lotId ? -1 : 1));

/** At any moment the lots add up to the balance, and each is open or pending where it says so. */
const readAsOne = async (ledger: LedgerHarness, customerId: string) => {
  const told = await readAll(ledger, customerId);
  const { balance, open, pending, all } = told;
  expect([sum(all, 'remaining'), sum(all, 'pending')]).toEqual([balance.active, balance.pending]);
  expect(byId(open)).toEqual(byId(all.filter(({ remaining }) => remaining > 0)));
  expect(byId(pending)).toEqual(byId(all.filter((lot) => lot.pending > 0)));
  const ends = open.flatMap(({ expiresAt }) => expiresAt ?? []).sort((a, b) => Date.parse(a) - Date.parse(b));
  expect(balance.nextExpiration?.at).toBe(ends[0]);
  return told;
};

/**
 * A sweep that expects what is read before it to be what is read after it, of one customer after the other in turn, but where a sweep
 * brings something new: reservations that timed out are given back, and birthdays earn.
 */
export const createUnseenSweep = (ledger: LedgerHarness, prefix: string, sweep: () => Promise<void>) => {
  let sweeps = 0;
  return async (): Promise<void> => {
    const customerId = `${prefix}${CUSTOMERS[sweeps++ % CUSTOMERS.length]}`;
    const before = await readAsOne(ledger, customerId);
    await sweep();
    const after = await readAsOne(ledger, customerId);
    if (before.balance.reserved === after.balance.reserved && before.balance.earned === after.balance.earned)
      expect(before).toEqual(after);
  };
};
