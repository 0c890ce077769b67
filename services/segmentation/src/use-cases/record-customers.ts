import type { HandlerResult, Tx } from '@vafa/bus';
import type { CustomerErased, CustomerMerged, CustomerUpdated, EventOf } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { momentOf } from '../domain/moment.ts';
import { latestSettings } from '../domain/thresholds.ts';
import { holdSettings } from '../store/settings.ts';
import { eraseCustomer } from './erase-customer.ts';
import { holdCustomers, type Sighting } from './hold-customers.ts';
import { mergeCustomer } from './merge-customer.ts';

export type CustomerEvent =
  | EventOf<typeof CustomerUpdated>
  | EventOf<typeof CustomerMerged>
  | EventOf<typeof CustomerErased>;

/** Takes a batch of what became of customers: new ones become prospects together, merges and erasures go one by one. */
export const recordCustomers = async (
  tx: Tx,
  events: readonly CustomerEvent[],
  lookBackOrders: number,
): Promise<HandlerResult> => {
  const refused: NonNullable<HandlerResult['refused']> = [];
  let seen: Sighting[] = [];
  const welcome = async (): Promise<void> => {
    if (seen.length > 0) await holdCustomers(tx, seen, latestSettings(await holdSettings(tx)).version);
    seen = [];
  };
  for (const event of events) {
    const { customerId } = event.data;
    if (event.type === 'customer.updated') {
      seen.push({ customerId, at: momentOf(event) });
      continue;
    }
    await welcome();
    if (event.type === 'customer.erased') await eraseCustomer(tx, customerId, momentOf(event));
    else {
      const error = await mergeCustomer(tx, event, lookBackOrders).then(() => undefined, refusalOf);
      if (error) refused.push({ event, error });
    }
  }
  await welcome();
  return { refused };
};

/** A merge is refused before it writes anything, so the rest of the batch may go on. */
const refusalOf = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  throw error;
};
