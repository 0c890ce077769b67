import type { Tx } from '@vafa/bus';
import type { CustomerConsentChanged, CustomerErased, CustomerMerged, CustomerUpdated, EventOf } from '@vafa/contracts';
import { forgetAnswers, giveAnswers } from '@vafa/platform';
import { lockQueuedOf, reassignMessages, scrubMessages } from '../store/claims.ts';
import { type ConsentChange, deleteConsents, moveConsents, upsertConsents } from '../store/consents.ts';
import { type ContactUpdate, eraseContact, mergeContact, upsertContacts } from '../store/contacts.ts';
import { moveMessages } from './move-messages.ts';

type Updated = EventOf<typeof CustomerUpdated>;
type ConsentChanged = EventOf<typeof CustomerConsentChanged>;
type Merged = EventOf<typeof CustomerMerged>;
type Erased = EventOf<typeof CustomerErased>;
export type CustomerEvent = Updated | ConsentChanged | Merged | Erased;

const updateOf = ({ data, time }: Updated): ContactUpdate => ({
  customerId: data.customerId,
  phone: data.phone ?? null,
  email: data.email ?? null,
  locale: data.locale ?? null,
  timeZone: data.timeZone ?? null,
  name: data.name ?? null,
  at: time,
});

const consentOf = ({ data, time }: ConsentChanged): ConsentChange => ({
  customerId: data.customerId,
  channel: data.channel,
  purpose: data.purpose,
  granted: data.granted,
  source: data.consentSource,
  textVersion: data.textVersion ?? null,
  at: data.givenAt ?? time,
});

const isEarlier = (a: string, b: string): boolean =>
  Temporal.Instant.compare(Temporal.Instant.from(a), Temporal.Instant.from(b)) < 0;

/** One update per customer, the newest: a statement can't write a row twice. */
const newestOfEach = (updates: readonly ContactUpdate[]): ContactUpdate[] => {
  const newest = new Map<string, ContactUpdate>();
  for (const update of updates) {
    const other = newest.get(update.customerId);
    if (!other || !isEarlier(update.at, other.at)) newest.set(update.customerId, update);
  }
  return [...newest.values()];
};

/** Updates and consents of many customers at once. */
const applyMany = async (tx: Tx, events: readonly (Updated | ConsentChanged)[]): Promise<void> => {
  await upsertContacts(tx, newestOfEach(events.filter((event) => event.type === 'customer.updated').map(updateOf)));
  await upsertConsents(tx, events.filter((event) => event.type === 'customer.consent_changed').map(consentOf));
};

/** The customer is forgotten: contact, consents, texts, addresses; what waits to be sent is not sent. */
const erase = async (tx: Tx, { data, time }: Erased, now: Temporal.Instant): Promise<void> => {
  const { customerId } = data;
  await eraseContact(tx, customerId, time);
  await deleteConsents(tx, customerId);
  const queued = await lockQueuedOf(tx, customerId);
  await moveMessages(
    tx,
    queued.map(({ id, attempts }) => ({
      ...{ messageId: id, from: 'queued' as const, attempts },
      ...{ to: 'suppressed' as const, dueAt: null, reason: 'erased' },
    })),
    now,
  );
  await scrubMessages(tx, customerId);
  await forgetAnswers(tx, [customerId]);
};

const merge = async (tx: Tx, { data, time }: Merged): Promise<void> => {
  const { customerId, intoCustomerId } = data;
  const target = await mergeContact(tx, customerId, intoCustomerId, time);
  if (target === undefined) return;
  await moveConsents(tx, customerId, target);
  await reassignMessages(tx, customerId, target);
  await giveAnswers(tx, customerId, target);
};

/**
 * Takes over what is said of customers, in the order it is said. Runs of updates and consents go set-based; the rare
 * erasures and merges stand between them one by one.
 */
export const applyCustomerEvents = async (
  tx: Tx,
  events: readonly CustomerEvent[],
  now: Temporal.Instant,
): Promise<void> => {
  let run: (Updated | ConsentChanged)[] = [];
  const flush = async () => {
    await applyMany(tx, run);
    run = [];
  };
  for (const event of events) {
    if (event.type === 'customer.updated' || event.type === 'customer.consent_changed') {
      run.push(event);
      continue;
    }
    await flush();
    if (event.type === 'customer.erased') await erase(tx, event, now);
    else await merge(tx, event);
  }
  await flush();
};
