import { emit, type HandlerContext, type HandlerResult, type Tx } from '@vafa/bus';
import type { EventOf, InteractionRecorded } from '@vafa/contracts';
import { addAccounts, createBook } from '../domain/book.ts';
import { lockAccounts, lockOrOpenAccounts } from '../store/accounts.ts';
import { findAwaiting } from '../store/lots.ts';
import { findFacts } from '../store/profiles.ts';
import { saveBook } from '../store/save-book.ts';
import { activateByInteractions } from './activate-awaited.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import { collectGifts, type EventGifts } from './event-gifts.ts';
import { bookGifts, claimGifts } from './give-awards.ts';
import { keepAlive } from './keep-alive.ts';
import { type Owned, ownedEvents } from './owned-events.ts';
import { eventsOf } from './points-events.ts';

type Interaction = EventOf<typeof InteractionRecorded>;

/** What the interactions earn; customers are only read when a rule asks something of them. */
const giftsOf = async (tx: Tx, owned: readonly Owned<Interaction>[], rules: Rules): Promise<EventGifts> => {
  const { interactions } = rules.compiled;
  const wanted = owned.filter(({ event }) => interactions.has(event.data.interactionType));
  const asked = wanted.filter(({ event }) => interactions.get(event.data.interactionType)?.asksCustomer);
  const owners = [...new Set(asked.map(({ owner }) => owner))];
  const facts = owners.length === 0 ? new Map() : await findFacts(tx, owners, rules.programme?.tiers);
  const { collected, add } = collectGifts(rules);
  for (const { event, owner } of wanted) {
    const { interactionType, attributes } = event.data;
    add(event, owner, interactions.get(interactionType), facts.get(owner), attributes ?? {});
  }
  return collected;
};

/**
 * Makes spendable what awaited the interactions of a batch, keeps points alive that slide by them, and gives what they earn.
 * Most of them do nothing of it.
 */
export const recordInteractions = async (
  tx: Tx,
  events: readonly Interaction[],
  context: HandlerContext,
  deps: { currentRules: CurrentRules },
): Promise<HandlerResult> => {
  const [rules, owned] = await Promise.all([deps.currentRules(tx), ownedEvents(tx, events)]);
  const interactions = owned.map(({ event, owner }) => ({
    customerId: owner,
    type: event.data.interactionType,
    atMs: Date.parse(event.time),
    traceparent: event.traceparent,
  }));
  const alive = interactions.filter(({ type }) => rules.keptAliveBy.interactions.has(type));
  const { gifts, refused } = await giftsOf(tx, owned, rules);
  const claimed = await claimGifts(tx, gifts);
  const waiting = await findAwaiting(
    tx,
    [...new Set(interactions.map(({ customerId }) => customerId))],
    [...new Set(interactions.map(({ type }) => type))],
  );
  const concerned = new Set([...alive, ...claimed, ...waiting].map(({ customerId }) => customerId));
  if (concerned.size === 0) return { refused };
  // All at once, in their order: what follows finds its locks held.
  await lockAccounts(tx, [...concerned]);
  if (alive.length > 0) await emit(tx, await keepAlive(tx, rules, alive, `i${context.partition}`, context.now));
  const customers = new Set([...claimed, ...waiting].map(({ customerId }) => customerId));
  if (customers.size === 0) return { refused };
  const book = createBook(`i${context.partition}`, context.now);
  addAccounts(book, await lockOrOpenAccounts(tx, [...customers]));
  if (waiting.length > 0) await activateByInteractions(tx, book, interactions, rules);
  await bookGifts(tx, book, claimed, rules);
  await saveBook(tx, book, context.now.toString());
  await emit(tx, eventsOf(book));
  return { refused };
};
