import type { Tx } from '@vafa/bus';
import type { Channel, Purpose } from '../domain/purposes.ts';
import { findRefusals, findWithdrawnBy, grantKey, upsertConsents } from '../store/consents.ts';
import { findCustomersByPhone } from '../store/contacts.ts';
import { findNewestSent } from '../store/message-reads.ts';
import { addHistory, holdMessages } from '../store/moves.ts';
import { liftSuppressions, suppressAddresses } from '../store/suppressions.ts';
import { emitUnsubscribed } from './move-messages.ts';

/** Where a consent came from, as it is kept with it. */
const BY_REPLY = 'sms_reply';
const BY_LINK = 'unsubscribe_link';

/** What the word 11 stops: all that an Iranian line may send only as long as it is not stopped. */
const STOPPABLE: readonly Purpose[] = ['service', 'promotional'];

const OPT_OUT_REASON = 'opted_out';

/** Tells the house of opt-outs by way of messages, and their histories. */
const announce = async (
  tx: Tx,
  messageIds: readonly number[],
  detail: string,
  now: Temporal.Instant,
): Promise<void> => {
  const messages = await holdMessages(tx, messageIds);
  await addHistory(
    tx,
    messages.map(({ id, state }) => ({ messageId: id, state, detail })),
    now,
  );
  await emitUnsubscribed(tx, messages, now);
};

/** Takes consents away and returns the customers to whom that is news. */
const withdraw = async (
  tx: Tx,
  customerIds: readonly string[],
  from: { channel: Channel; purposes: readonly Purpose[]; source: string },
  now: Temporal.Instant,
): Promise<Set<string>> => {
  const { channel, purposes, source } = from;
  const refused = await findRefusals(tx, customerIds);
  const changes = customerIds.flatMap((customerId) =>
    purposes
      .filter((purpose) => !refused.has(grantKey(customerId, channel, purpose)))
      .map((purpose) => ({
        customerId,
        channel,
        purpose,
        granted: false,
        source,
        textVersion: null,
        at: now.toString(),
      })),
  );
  await upsertConsents(tx, changes);
  return new Set(changes.map(({ customerId }) => customerId));
};

/**
 * Someone answered 11: all customers with this number get no more club messages and advertisements by SMS. A number that no
 * customer has is kept as it is, so that a later import does not write to it. Returns how many customers it concerns.
 */
export const optOutByPhone = async (tx: Tx, phone: string, now: Temporal.Instant): Promise<number> => {
  const customerIds = await findCustomersByPhone(tx, phone);
  if (customerIds.length === 0) {
    const suppressions = STOPPABLE.map((purpose) => ({
      channel: 'sms' as const,
      address: phone,
      purpose,
      reason: OPT_OUT_REASON,
      messageId: null,
    }));
    await suppressAddresses(tx, suppressions, now);
    return 0;
  }
  const news = await withdraw(tx, customerIds, { channel: 'sms', purposes: STOPPABLE, source: BY_REPLY }, now);
  const newest = await findNewestSent(tx, [...news], 'sms');
  await announce(
    tx,
    newest.map(({ id }) => id),
    'opted out by reply',
    now,
  );
  return customerIds.length;
};

/** Someone answered 12: what 11 took away is given back, and nothing more. Returns how many consents. */
export const optInByPhone = async (tx: Tx, phone: string, now: Temporal.Instant): Promise<number> => {
  const lifted = await liftSuppressions(tx, 'sms', phone, [OPT_OUT_REASON]);
  const withdrawn = await findWithdrawnBy(tx, await findCustomersByPhone(tx, phone), BY_REPLY);
  await upsertConsents(
    tx,
    withdrawn.map((consent) => ({ ...consent, granted: true, at: now.toString() })),
  );
  return lifted + withdrawn.length;
};

/** Someone used the way out of a message: no more of that purpose on that channel. False when the message is not known. */
export const optOutByMessage = async (tx: Tx, messageId: number, now: Temporal.Instant): Promise<boolean> => {
  const [message] = await holdMessages(tx, [messageId]);
  if (!message) return false;
  const { customerId, channel, purpose } = message;
  const news = await withdraw(tx, [customerId], { channel, purposes: [purpose], source: BY_LINK }, now);
  if (news.size > 0) await announce(tx, [messageId], 'opted out by link', now);
  return true;
};
