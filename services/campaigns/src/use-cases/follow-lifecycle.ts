import type { Tx } from '@vafa/bus';
import type { EventOf, LifecycleChanged } from '@vafa/contracts';
import { resolveCustomers } from '@vafa/platform';
import { upsertAudience } from '../store/audience.ts';

/** Keeps the audience of scheduled campaigns: the latest lifecycle state of each customer. */
export const followLifecycle = async (tx: Tx, events: readonly EventOf<typeof LifecycleChanged>[]): Promise<void> => {
  const resolve = await resolveCustomers(
    tx,
    events.map(({ data }) => data.customerId),
  );
  const latest = new Map<string, { customerId: string; lifecycle: string; changedAt: string; atMs: number }>();
  for (const { data, time } of events) {
    const atMs = Temporal.Instant.from(time).epochMilliseconds;
    // Someone merged into another has no state of her own any more, and the erased none at all.
    if (resolve(data.customerId, atMs) !== data.customerId) continue;
    const known = latest.get(data.customerId);
    if (!known || known.atMs <= atMs)
      latest.set(data.customerId, { customerId: data.customerId, lifecycle: data.to, changedAt: time, atMs });
  }
  await upsertAudience(tx, [...latest.values()]);
};
