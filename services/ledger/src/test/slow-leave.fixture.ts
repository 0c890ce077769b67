import type { ErasePolicy } from '../domain/programme.ts';
import type { SlowBook } from './slow-book.fixture.ts';
import type { createSlowTiers } from './slow-tiers.fixture.ts';

/** Anything with a customer's name on it. */
interface Named {
  customerId: string;
}

/** What those have who were erased, under names that nobody had before. */
const NOBODY = 'erased:';
export const isNobody = (customerId: string): boolean => customerId.startsWith(NOBODY);

/**
 * Merges and erasures, as one would explain them: merged is who gives everything away and is called by another name from then on;
 * erased is whose name is crossed out everywhere.
 */
export const createSlowLeave = (
  book: SlowBook,
  tiers: ReturnType<typeof createSlowTiers> | undefined,
  rules: {
    onErase: ErasePolicy;
    /** Everything else that has names on it. */
    belongings: () => Iterable<Named>;
    /** Tells that what is known of the one is to be known of the other; null = of nobody. */
    moved: (from: string, into: string | null) => void;
    /** Tells that a customer has the orders of another, too. */
    joined: (customerId: string) => void;
  },
) => {
  const { clock, customers, customer, holds, active, pending, reserved, log, settle, takeOne, giveBack, answerAll } =
    book;
  const mergedInto = new Map<string, string>();
  const erasedMs = new Map<string, number>();
  let nobodies = 0;
  const newNobody = (): string => `${NOBODY}${nobodies++}`;

  const ownerOf = (id: string): string => mergedInto.get(id) ?? id;
  /** Did it happen before the customer was erased, though it is told after that? */
  const isLate = (id: string, timeMs: number): boolean => timeMs <= (erasedMs.get(id) ?? -Infinity);
  const rename = (from: string, into: string): void => {
    for (const each of [...rules.belongings(), ...holds]) if (each.customerId === from) each.customerId = into;
    rules.moved(from, isNobody(into) ? null : into);
  };

  const merge = (from: string, otherId: string, timeMs: number): void => {
    if (isLate(from, timeMs) || isLate(otherId, timeMs)) return;
    const into = ownerOf(otherId);
    if (mergedInto.has(from) || from === into) return;
    settle(from);
    settle(into);
    const [giver, taker] = [customer(from), customer(into)];
    const points = active(from) + reserved(from) - giver.deficit;
    const waits = pending(from);
    taker.lots.push(...giver.lots);
    taker.deficit += giver.deficit;
    taker.known = true;
    Object.assign(giver, { lots: [], deficit: 0 });
    rename(from, into);
    for (const [id, owner] of mergedInto) if (owner === from) mergedInto.set(id, into);
    mergedInto.set(from, into);
    // What the one owes is paid off with what the other has.
    while (taker.deficit > 0) {
      const lot = takeOne(into);
      if (!lot) break;
      lot.absorbed += 1;
      taker.deficit -= 1;
    }
    // What keeps the points of one of them keeps those of both from now on.
    taker.keptUntilMs = Math.max(taker.keptUntilMs, giver.keptUntilMs);
    giver.keptUntilMs = 0;
    const [gives, takes] = points < 0 ? [into, from] : [from, into];
    if (points !== 0) {
      log(gives, 'transfer_out', -Math.abs(points));
      log(takes, 'transfer_in', Math.abs(points));
    }
    // Pending points stand beside the account.
    if (waits > 0) {
      log(from, 'transfer_out', 0);
      log(into, 'transfer_in', 0);
    }
    tiers?.join(from, into);
    tiers?.look(into, clock.nowMs);
    // What the one did the other's points may have awaited.
    answerAll(into);
    rules.joined(into);
    tiers?.look(into, clock.nowMs);
  };

  /** Ends what is open of somebody. */
  const endAll = (id: string): void => {
    settle(id);
    for (const hold of holds) {
      if (!hold.open || hold.customerId !== id) continue;
      giveBack(hold, hold.points);
      hold.open = false;
    }
    const own = customer(id);
    const owed = own.deficit;
    own.deficit = 0;
    if (owed > 0) log(id, 'write_off', owed);
    if (rules.onErase === 'keep') return;
    const [points, waits] = [active(id), pending(id)];
    for (const lot of own.lots) Object.assign(lot, { left: 0, pending: 0 });
    if (points > 0) log(id, 'forfeit', -points);
    if (waits > 0) log(id, 'forfeit', 0);
  };

  const erase = (id: string, timeMs: number): void => {
    // Told again: who has come since under this name is somebody else.
    if (isLate(id, timeMs)) return;
    // Who lives on in another has nothing but a history.
    if (!mergedInto.has(id)) endAll(id);
    const names = [...mergedInto].filter(([, into]) => into === id).map(([name]) => name);
    for (const name of [...names, id]) {
      const nobody = newNobody();
      customers.set(nobody, customer(name));
      customers.delete(name);
      rename(name, nobody);
      mergedInto.delete(name);
      erasedMs.set(name, Math.max(timeMs, erasedMs.get(name) ?? -Infinity));
      tiers?.forget(name);
    }
  };

  return { ownerOf, isLate, newNobody, merge, erase };
};
