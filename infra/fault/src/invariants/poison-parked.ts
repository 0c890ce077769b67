import { createFinding, type Evidence, type Invariant } from './finding.ts';

interface Letter {
  eventId: string;
  eventType: string | null;
  topic: string;
  place: string;
  status: string;
  code: string;
}

/** Who hears purchases, and therefore must park what can't be read there. */
const HEARERS = ['ledger', 'segmentation', 'campaigns', 'reminders'];
const ALL = [...HEARERS, 'messaging'];

const lettersOf = ({ sql }: Evidence, service: string): Promise<Letter[]> =>
  sql<
    Letter[]
  >`select event_id as "eventId", event_type as "eventType", topic, topic || '/' || partition || '/' || record_offset as place,
    status, error_code as code from ${sql(`${service}.dead_letter`)}`;

/**
 * What nobody can read is parked by every group, once: parking has no natural key, so a redelivery that the fence let through
 * shows here. And nothing but that is parked.
 */
export const poisonParked: Invariant = async (evidence) => {
  const { done } = evidence;
  const { finding, wrong } = createFinding('poison parked once', ['lost', 'parked twice']);
  const others = createFinding('nothing else parked', ['parked', 'waiting']);
  const poisons = new Set(done.poisons.map(({ eventId }) => eventId));
  for (const service of ALL) {
    const letters = await lettersOf(evidence, service);
    others.finding.checked += letters.length;
    const mine = letters.filter(({ eventId }) => poisons.has(eventId));
    const places = Map.groupBy(mine, ({ place }) => place);
    for (const [place, same] of places)
      if (same.length > 1) wrong('parked twice', `${service} has ${place} ${same.length} times`);
    const parked = new Set(mine.map(({ eventId }) => eventId));
    if (HEARERS.includes(service)) {
      finding.checked += done.poisons.length;
      for (const { eventId, acknowledged } of done.poisons)
        if (acknowledged && !parked.has(eventId)) wrong('lost', `${service} never parked ${eventId}`);
    }
    for (const { eventId, eventType, status, code, place } of letters) {
      if (poisons.has(eventId) || status === 'retried' || status === 'discarded') continue;
      others.wrong(status, `${service}: ${eventType} at ${place}, ${code}`);
    }
  }
  return [finding, others.finding];
};
