import type { Tx } from '@vafa/bus';
import type { EventOf, InteractionRecorded } from '@vafa/contracts';
import { idFrom } from '@vafa/kernel';
import { isEarlier, laterOf, momentOf } from '../domain/moment.ts';
import { latestSettings } from '../domain/thresholds.ts';
import { addInteractions, type InteractionCount, noteUnseen } from '../store/interactions.ts';
import { holdSettings } from '../store/settings.ts';
import { holdCustomers } from './hold-customers.ts';

type Interaction = EventOf<typeof InteractionRecorded>;

const keyOf = ({ source, id }: Interaction): string => idFrom(source, id);

/** Counts a batch of interactions, each once. They say nothing of the lifecycle. */
export const recordInteractions = async (
  tx: Tx,
  events: readonly Interaction[],
  now: Temporal.Instant,
): Promise<void> => {
  const byKey = new Map(events.map((event) => [keyOf(event), event]));
  const unseen = await noteUnseen(tx, [...byKey.keys()], now);
  const fresh = [...byKey].filter(([key]) => unseen.has(key)).map(([, event]) => event);
  if (fresh.length === 0) return;
  const settings = await holdSettings(tx);
  const sightings = fresh.map((event) => ({ customerId: event.data.customerId, at: momentOf(event) }));
  const { stored, erasedAt } = await holdCustomers(tx, sightings, latestSettings(settings).version);
  const counts = new Map<string, InteractionCount>();
  for (const { customerId, at } of sightings) {
    const erased = erasedAt.get(customerId);
    const owner = stored.get(customerId)?.customer.customerId;
    if (owner === undefined || (erased && !isEarlier(erased, at))) continue;
    const known = counts.get(owner);
    const lastAt = laterOf(known?.lastAt, at);
    counts.set(owner, { customerId: owner, count: (known?.count ?? 0) + 1, lastAt });
  }
  await addInteractions(tx, [...counts.values()]);
};
