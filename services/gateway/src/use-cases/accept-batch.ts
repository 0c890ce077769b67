import type { EventEnvelope } from '@vafa/contracts';
import { type AcceptContext, acceptItem, type ItemError } from './accept-item.ts';
import type { ItemKind } from './item-kinds.ts';

/** What became of one item of a batch, at its place in the request. */
type ItemResult =
  | { index: number; status: 'accepted'; eventId: string }
  | { index: number; status: 'rejected'; error: ItemError };

export interface AcceptedBatch {
  results: ItemResult[];
  /** What is to be published: in the order of the request, every event id once. */
  events: EventEnvelope[];
}

/** Looks at every item by itself: one that is refused does not hold up the others. */
export const acceptBatch = (kind: ItemKind, items: readonly unknown[], context: AcceptContext): AcceptedBatch => {
  const results: ItemResult[] = [];
  const byId = new Map<string, EventEnvelope>();
  for (let index = 0; index < items.length; index += 1) {
    const outcome = acceptItem(kind, items[index], index, context);
    if (!outcome.ok) {
      results.push({ index, status: 'rejected', error: outcome.error });
      continue;
    }
    const { id } = outcome.event;
    const earlier = byId.get(id);
    if (earlier && JSON.stringify(earlier.data) !== JSON.stringify(outcome.event.data)) {
      results.push({ index, status: 'rejected', error: sameIdOtherContent(id) });
      continue;
    }
    if (!earlier) byId.set(id, outcome.event);
    results.push({ index, status: 'accepted', eventId: id });
  }
  return { results, events: [...byId.values()] };
};

const sameIdOtherContent = (id: string): ItemError => ({
  code: 'gateway.duplicate_with_other_content',
  message: 'an earlier item of this request has the same event id and other content',
  problems: [{ path: '/eventId', message: `${id} is taken by an earlier item of this request` }],
});
