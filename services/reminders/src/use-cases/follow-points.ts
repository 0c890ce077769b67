import type { HandlerContext, Tx } from '@vafa/bus';
import type { EventOf, PointsEarned, PointsExpiringSoon, PointsRedeemed } from '@vafa/contracts';
import { type ResolveCustomer, resolveCustomers } from '@vafa/platform';
import { dueBefore } from '../domain/due.ts';
import { addCounts } from '../store/counts.ts';
import { findZones } from '../store/zones.ts';
import { cancelByEvents } from './cancel-by-events.ts';
import type { FollowDeps } from './follow-purchases.ts';
import { setTimers, type Wanted } from './set-timers.ts';

type PointsEvent = EventOf<typeof PointsEarned | typeof PointsRedeemed | typeof PointsExpiringSoon>;
type Expiring = EventOf<typeof PointsExpiringSoon>;

/** Sets a timer per lot of points that is about to expire. What was spent of a lot since is not known here. */
export const followPoints = async (
  tx: Tx,
  events: readonly PointsEvent[],
  deps: FollowDeps,
  { now, partition }: HandlerContext,
): Promise<void> => {
  const resolve = await resolveCustomers(
    tx,
    events.map(({ data }) => data.customerId),
  );
  const steps = await cancelByEvents(tx, events, resolve, now);
  const expiring = events.filter((event): event is Expiring => event.type === 'points.expiring_soon');
  if (expiring.length > 0) steps.push(...(await setTimers(tx, await wantedFor(tx, expiring, deps, resolve), now)));
  await addCounts(tx, steps, partition);
};

const wantedFor = async (
  tx: Tx,
  events: readonly Expiring[],
  deps: FollowDeps,
  resolve: ResolveCustomer,
): Promise<Wanted[]> => {
  const { expiring: definitions } = await deps.definitions(tx);
  if (definitions.length === 0) return [];
  const told = events.flatMap(({ time, data }) => {
    const at = Temporal.Instant.from(time);
    const customerId = resolve(data.customerId, at.epochMilliseconds);
    return customerId === undefined ? [] : [{ at, data, customerId, end: Temporal.Instant.from(data.expiresAt) }];
  });
  const zones = await findZones(
    tx,
    told.map(({ customerId }) => customerId),
  );
  return told.flatMap(({ at, data, customerId, end }) =>
    definitions.map((definition) => ({
      definition,
      customerId,
      occurrence: data.lotId,
      due: dueBefore(at, end, definition.timeOfDay, zones.get(customerId) ?? deps.defaultTimeZone),
      notAfter: end,
      params: { lotId: data.lotId, points: data.points, expiresAt: data.expiresAt },
    })),
  );
};
