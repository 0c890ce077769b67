import { emit, type HandlerContext, type HandlerResult, type Tx } from '@vafa/bus';
import type { EventOf, InteractionRecorded } from '@vafa/contracts';
import type { Account } from '../domain/account.ts';
import { addAccounts, createBook } from '../domain/book.ts';
import { closeUnused, lockAccounts, lockByName, lockOrOpenAccounts } from '../store/accounts.ts';
import { keepInteractions } from '../store/awaited-interactions.ts';
import { findAwaiting } from '../store/lots.ts';
import { type Awaited, activateByInteractions } from './activate-awaited.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import { collectGifts, type EventGifts } from './event-gifts.ts';
import { bookGifts, claimGifts, saveGifts } from './give-awards.ts';
import { keepAlive } from './keep-alive.ts';
import { loadRipeOfOwing } from './open-account.ts';
import { type Owned, ownedEvents, requireSameOwners } from './owned-events.ts';
import { findSettledFacts } from './settle-tiers.ts';

type Interaction = EventOf<typeof InteractionRecorded>;

/** What the interactions earn; customers are only read when a rule asks something of them. */
const giftsOf = async (
  tx: Tx,
  owned: readonly Owned<Interaction>[],
  rules: Rules,
  now: Temporal.Instant,
): Promise<EventGifts> => {
  const { interactions } = rules.compiled;
  const wanted = owned.filter(({ event }) => interactions.has(event.data.interactionType));
  const asked = wanted.filter(({ event }) => interactions.get(event.data.interactionType)?.asksCustomer);
  const owners = [...new Set(asked.map(({ owner }) => owner))];
  const facts = await findSettledFacts(tx, rules, owners, now);
  const { collected, add } = collectGifts(rules);
  for (const { event, owner } of wanted) {
    const { interactionType, attributes } = event.data;
    add(event, owner, interactions.get(interactionType), facts.get(owner), attributes ?? {});
  }
  return collected;
};

/** Which order it was about, if its attributes name one; shops that count their orders may name it by a number. */
const orderIdOf = ({ data }: Interaction): string | null => {
  const orderId = data.attributes?.orderId;
  if (typeof orderId === 'number') return String(orderId);
  return typeof orderId === 'string' && orderId !== '' ? orderId : null;
};

const awaitedBy = ({ event, owner }: Owned<Interaction>): Awaited => ({
  customerId: owner,
  type: event.data.interactionType,
  atMs: Date.parse(event.time),
  orderId: orderIdOf(event),
  traceparent: event.traceparent,
});

const customersOf = (...lists: readonly (readonly { customerId: string }[])[]): string[] => [
  ...new Set(lists.flat().map(({ customerId }) => customerId)),
];

/** Customers with points that may await interactions of a batch, looked at without a lock. */
const findWaiting = (tx: Tx, interactions: readonly Awaited[]): Promise<{ customerId: string }[]> =>
  findAwaiting(tx, customersOf(interactions), [...new Set(interactions.map(({ type }) => type))]);

/**
 * Locks the accounts all at once, in their order: what follows finds its locks held. Where an interaction is to be kept, who has no
 * account is locked, too, so that a purchase told at the same moment waits for it, or it for that. Returns whose it made.
 */
const lockConcerned = async (tx: Tx, customerIds: readonly string[], byName: boolean): Promise<ReadonlySet<string>> => {
  if (byName) return lockByName(tx, customerIds);
  await lockAccounts(tx, customerIds);
  return new Set();
};

const namesOfNew = (accounts: readonly Account[]): ReadonlySet<string> =>
  new Set(accounts.flatMap(({ customerId, seq }) => (seq === 0 ? [customerId] : [])));

/**
 * Makes spendable what awaited the interactions of a batch, keeps points alive that slide by them, and gives what they earn.
 * Most of them do nothing of it. Those that points may await are kept for what is told after them, though it was before them.
 */
export const recordInteractions = async (
  tx: Tx,
  events: readonly Interaction[],
  context: HandlerContext,
  deps: { currentRules: CurrentRules },
): Promise<HandlerResult> => {
  const [rules, owned] = await Promise.all([deps.currentRules(tx), ownedEvents(tx, events)]);
  const interactions = owned.map(awaitedBy);
  const alive = interactions.filter(({ type }) => rules.keptAliveBy.interactions.has(type));
  const awaited = interactions.filter(({ type }) => rules.awaited.types.has(type));
  const { gifts, refused } = await giftsOf(tx, owned, rules, context.now);
  const claimed = await claimGifts(tx, gifts);
  const waiting = await findWaiting(tx, interactions);
  const concerned = customersOf(alive, claimed, waiting, awaited);
  if (concerned.length === 0) return { refused };
  const opened = await lockConcerned(tx, concerned, awaited.length > 0);
  const kept = alive.filter(({ customerId }) => !opened.has(customerId));
  if (kept.length > 0) await emit(tx, await keepAlive(tx, rules, kept, `i${context.partition}`, context.now));
  const customers = customersOf(claimed, waiting, awaited);
  if (customers.length === 0) return { refused };
  const book = createBook(`i${context.partition}`, context.now);
  const accounts = await lockOrOpenAccounts(tx, customers);
  await requireSameOwners(tx, owned, namesOfNew(accounts));
  addAccounts(book, accounts);
  await loadRipeOfOwing(tx, book, accounts);
  if (awaited.length > 0) await keepInteractions(tx, awaited, context.now.toString());
  if (waiting.length + awaited.length > 0) await activateByInteractions(tx, book, interactions, rules);
  await saveGifts(tx, book, await bookGifts(tx, book, claimed, rules), rules, context.now);
  // Whoever was to be given something is known from now on, whatever the caps left of it.
  await closeUnused(tx, opened.difference(new Set(customersOf(claimed))));
  return { refused };
};
