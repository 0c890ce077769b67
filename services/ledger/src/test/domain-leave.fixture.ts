import { present } from '@vafa/kernel';
import { fulfil, pendingLots } from '../domain/activate.ts';
import { addLots } from '../domain/book.ts';
import { happenedAtMs } from '../domain/entry-id.ts';
import { forfeit, moveAll, writeOff } from '../domain/leave.ts';
import { settleDue } from '../domain/plan.ts';
import type { ErasePolicy, Returns } from '../domain/programme.ts';
import { release } from '../domain/reservation.ts';
import { count } from '../domain/rules/caps.ts';
import type { ExpiringOf } from '../domain/terms.ts';
import { offerAll } from './domain-refunds.fixture.ts';
import type { createStandings } from './domain-standings.fixture.ts';
import { type DomainTables, fulfilledOf } from './domain-tables.fixture.ts';

type Standings = ReturnType<typeof createStandings> | undefined;

/** What the store does by statements: everything that has the one name on it gets the other. */
const rename = (tables: DomainTables, from: string, into: string): void => {
  const { lots, orders, waiting, open, reservations, payments, visits } = tables;
  const named = [
    ...[...lots, ...orders.values(), ...payments, ...visits, ...waiting.map(({ refund }) => refund)],
    ...open.flatMap(({ refund, open: left }) => (left ? [refund, left.rest] : [refund])),
    ...[...reservations.values()].map(({ reservation }) => reservation),
  ];
  for (const each of named) if (each.customerId === from) each.customerId = into;
};

/** What caps have counted of one customer; `into`: it counts for the other. */
const moveCounters = ({ counters }: DomainTables, from: string, into?: string): void => {
  const own = [...counters].filter(([, { customerId }]) => customerId === from);
  for (const [name] of own) counters.delete(name);
  if (into !== undefined)
    count(
      counters,
      own.map(([, counter]) => ({ ...counter, customerId: into })),
    );
};

/** Merges two customers by the deeds of the domain. */
export const mergeInDomain = (
  tables: DomainTables,
  standings: Standings,
  merge: { from: string; into: string; time: string; returns: Returns },
  expiringFor: (customerId: string, ruleId: string | null) => ExpiringOf,
): void => {
  const { from, time } = merge;
  const { mergedInto, facts, birthdays, account } = tables;
  const atMs = Date.parse(time);
  const into = tables.ownerOf(merge.into);
  if (tables.isLate(from, atMs) || tables.isLate(merge.into, atMs) || mergedInto.has(from) || from === into) return;
  const [giver, receiver] = [account(from), account(into)];
  tables.withBook((book) => {
    for (const each of [giver, receiver]) settleDue(book, each);
  });
  rename(tables, from, into);
  moveCounters(tables, from, into);
  tables.withBook((book) => {
    addLots(book, tables.lots);
    moveAll(book, giver, receiver, time);
  });
  for (const [id, owner] of mergedInto) if (owner === from) mergedInto.set(id, into);
  mergedInto.set(from, into);
  const [gone, kept] = [facts.get(from), facts.get(into)];
  facts.delete(from);
  const birthday = birthdays.get(from);
  birthdays.delete(from);
  const isTold = kept && (Object.keys(kept.attributes).length > 0 || birthdays.has(into));
  if (gone && kept)
    facts.set(into, { ...kept, attributes: isTold ? kept.attributes : gone.attributes, tier: kept.tier ?? gone.tier });
  else if (gone) facts.set(into, gone);
  if (birthday && !isTold) birthdays.set(into, birthday);
  standings?.join(from, into);
  standings?.look([into], tables.clock.now.epochMilliseconds);
  tables.withBook((book) => {
    for (const lot of pendingLots(book, into)) {
      const { orderId, ruleId } = present(lot.entry, 'entry of a new lot');
      const points = { customerId: into, wonAtMs: happenedAtMs(lot.id), orderId, ruleId, terms: lot };
      const { fulfilled } = fulfilledOf(tables, points, expiringFor(into, ruleId));
      if (fulfilled) fulfil(book, receiver, lot, fulfilled);
    }
  });
  const offered = offerAll(tables, into, merge.returns);
  standings?.count([], offered.cases);
  standings?.look([into], tables.clock.now.epochMilliseconds);
};

const endAll = (tables: DomainTables, id: string, time: string, onErase: ErasePolicy): void => {
  const own = tables.account(id);
  tables.withBook((book) => settleDue(book, own));
  tables.withBook((book) => {
    // Nothing is taken from nobody.
    book.heldClaims = [];
    for (const { reservation, allocations } of tables.reservations.values())
      if (reservation.customerId === id && reservation.status === 'held')
        release(book, own, reservation, allocations, 'released');
    if (onErase === 'keep') return writeOff(book, own, time);
    forfeit(book, own, time);
    for (const lot of tables.lots) if (lot.customerId === id) Object.assign(lot, { remaining: 0, pending: 0 });
  });
};

/** Erases a customer by the deeds of the domain. */
export const eraseInDomain = (
  tables: DomainTables,
  standings: Standings,
  { id, time, onErase }: { id: string; time: string; onErase: ErasePolicy },
): void => {
  const { accounts, transfers, mergedInto, erasedMs } = tables;
  const atMs = Date.parse(time);
  if (tables.isLate(id, atMs)) return;
  if (!mergedInto.has(id)) endAll(tables, id, time, onErase);
  const names = [...mergedInto].filter(([, into]) => into === id).map(([name]) => name);
  for (const name of [...names, id]) {
    const nobody = tables.newNobody();
    const own = tables.account(name);
    accounts.delete(name);
    accounts.set(nobody, Object.assign(own, { customerId: nobody }));
    for (const each of transfers) if (each.customerId === name) each.customerId = nobody;
    rename(tables, name, nobody);
    moveCounters(tables, name);
    mergedInto.delete(name);
    erasedMs.set(name, Math.max(atMs, erasedMs.get(name) ?? -Infinity));
    tables.facts.delete(name);
    tables.birthdays.delete(name);
    standings?.forget(name);
  }
};
