import type { HandlerContext, Tx } from '@vafa/bus';
import type { EventOf, InteractionRecorded } from '@vafa/contracts';
import { resolveCustomers } from '@vafa/platform';
import { addCounts } from '../store/counts.ts';
import { cancelByEvents } from './cancel-by-events.ts';

/** Interactions only end single reminders. */
export const followInteractions = async (
  tx: Tx,
  events: readonly EventOf<typeof InteractionRecorded>[],
  { now, partition }: HandlerContext,
): Promise<void> => {
  const resolve = await resolveCustomers(
    tx,
    events.map(({ data }) => data.customerId),
  );
  await addCounts(tx, await cancelByEvents(tx, events, resolve, now), partition);
};
