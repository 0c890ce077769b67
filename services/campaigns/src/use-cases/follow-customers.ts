import type { HandlerResult, Tx } from '@vafa/bus';
import type { CustomerErased, CustomerMerged, CustomerUpdated, EventOf } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { recordErasure, recordMerge, resolveCustomers, welcomeBack } from '@vafa/platform';
import { deleteAudience } from '../store/audience.ts';
import { deleteEntries, moveEntries } from '../store/entries.ts';
import { anonymiseOutcomes, moveOutcomes } from '../store/message-outcomes.ts';
import { deleteTallies, moveTallies } from '../store/tallies.ts';

type CustomerEvent = EventOf<typeof CustomerUpdated | typeof CustomerMerged | typeof CustomerErased>;

/** Follows what happens to customers themselves: merged ones bring their entries along, erased ones leave nothing. */
export const followCustomers = async (tx: Tx, events: readonly CustomerEvent[]): Promise<HandlerResult> => {
  const refused: NonNullable<HandlerResult['refused']> = [];
  for (const event of events) {
    if (event.type === 'customer.erased') await erase(tx, event.data.customerId, event.time);
    if (event.type !== 'customer.merged') continue;
    const { customerId, intoCustomerId } = event.data;
    if (customerId === intoCustomerId)
      refused.push({
        event,
        error: new AppError('invalid', 'campaigns.merged_into_itself', 'a customer is merged into itself'),
      });
    else await merge(tx, customerId, intoCustomerId, event.time);
  }
  const updated = events.filter(({ type }) => type === 'customer.updated');
  if (updated.length > 0)
    await welcomeBack(
      tx,
      updated.map(({ data, time }) => ({ customerId: data.customerId, at: time })),
    );
  return { refused };
};

const merge = async (tx: Tx, from: string, told: string, at: string): Promise<void> => {
  // The one merged into may itself have been merged into another meanwhile.
  const resolve = await resolveCustomers(tx, [told]);
  const into = resolve(told, Number.POSITIVE_INFINITY) ?? told;
  if (into === from) return;
  await moveEntries(tx, from, into);
  await moveTallies(tx, from, into);
  await moveOutcomes(tx, from, into);
  await deleteAudience(tx, from);
  await recordMerge(tx, from, into, at);
};

const erase = async (tx: Tx, customerId: string, at: string): Promise<void> => {
  await deleteEntries(tx, customerId);
  await deleteTallies(tx, customerId);
  await anonymiseOutcomes(tx, customerId);
  await deleteAudience(tx, customerId);
  await recordErasure(tx, customerId, at);
};
