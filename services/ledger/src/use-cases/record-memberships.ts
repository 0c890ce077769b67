import type { HandlerContext, HandlerResult, Tx } from '@vafa/bus';
import type { EventOf, LifecycleChanged, SegmentEntered, SegmentLeft } from '@vafa/contracts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { factsOfAnybody, findFacts, holdProfiles, saveMemberships } from '../store/profiles.ts';
import type { CurrentRules } from './current-programme.ts';
import { collectGifts } from './event-gifts.ts';
import { giveAwards } from './give-awards.ts';
import { ownedEvents, requireSameOwners } from './owned-events.ts';
import { settleTiers } from './settle-tiers.ts';

type MembershipEvent = EventOf<typeof LifecycleChanged> | EventOf<typeof SegmentEntered> | EventOf<typeof SegmentLeft>;

/** Where the customer stands after an event. */
const after = (facts: CustomerFacts, event: MembershipEvent): CustomerFacts => {
  if (event.type === 'lifecycle.changed') return { ...facts, lifecycle: event.data.to };
  const { segmentId } = event.data;
  const others = facts.segments.filter((each) => each !== segmentId);
  return { ...facts, segments: event.type === 'segment.entered' ? [...others, segmentId] : others };
};

/** Keeps which segments and lifecycle states customers are in, for rules to ask, and gives what entering them earns. */
export const recordMemberships = async (
  tx: Tx,
  events: readonly MembershipEvent[],
  context: HandlerContext,
  deps: { currentRules: CurrentRules },
): Promise<HandlerResult> => {
  const [rules, owned] = await Promise.all([deps.currentRules(tx), ownedEvents(tx, events)]);
  const { segments, lifecycle } = rules.compiled;
  const owners = [...new Set(owned.map(({ owner }) => owner))];
  const tiers = rules.programme?.tiers;
  // What is read is written back: events of a customer, and of who was merged into it, may come by two partitions.
  await holdProfiles(tx, owners);
  const known = new Map(await findFacts(tx, owners, tiers));
  const anybody = factsOfAnybody(tiers);
  const steps = owned.map(({ event, owner }) => {
    const facts = after(known.get(owner) ?? anybody, event);
    known.set(owner, facts);
    return { event, owner, facts };
  });
  await saveMemberships(
    tx,
    owners.map((customerId) => ({ ...anybody, ...known.get(customerId), customerId })),
  );
  // Profiles before balances, as everywhere: tiers that are past their time are looked at now.
  const settled = (await settleTiers(tx, rules, owners, context.now)) ? await findFacts(tx, owners, tiers) : known;
  const { collected, add } = collectGifts(rules);
  for (const { event, owner, facts: told } of steps) {
    const facts = { ...told, tier: (settled.get(owner) ?? anybody).tier };
    if (event.type === 'lifecycle.changed') add(event, owner, lifecycle.get(event.data.to), facts);
    else if (event.type === 'segment.entered') add(event, owner, segments.get(event.data.segmentId), facts);
  }
  await giveAwards(tx, collected.gifts, rules, { door: `s${context.partition}`, now: context.now });
  await requireSameOwners(tx, owned, new Set(owners));
  return { refused: collected.refused };
};
