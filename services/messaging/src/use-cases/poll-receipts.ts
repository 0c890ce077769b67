import type { MessagingContext, MessagingParts } from '../parts.ts';
import { lockWaiting, setDue, type WaitingMessage } from '../store/claims.ts';
import { instantOrNull } from '../store/instants.ts';
import { receiveByProviderIds } from './apply-receipts.ts';

/** Kavenegar tells about 500 ids per call, and about messages of the last 48 hours. */
const PORTION = 500;
const WINDOW = { hours: 48 };

const isTooOld = ({ sentAt }: WaitingMessage, now: Temporal.Instant): boolean => {
  const sent = instantOrNull(sentAt);
  return sent === null || Temporal.Instant.compare(sent.add(WINDOW), now) <= 0;
};

/**
 * Asks about sent SMS that have no final receipt: callbacks get lost, and are not signed, so they are never the only
 * source. Returns how many messages were looked at.
 */
export const pollReceipts = async (
  { sql, clock, config, wake }: MessagingContext,
  { sms }: MessagingParts,
): Promise<number> => {
  if (!sms) return 0;
  let looked = 0;
  for (const state of ['sent', 'undelivered'] as const) {
    const now = clock.now();
    const nextPollAt = now.add({ milliseconds: config.MESSAGING_RECEIPT_POLL_MS });
    const asked = await sql.begin(async (tx) => {
      const due = await lockWaiting(tx, { state, channel: 'sms', limit: PORTION }, now);
      const [old, young] = [due.filter((each) => isTooOld(each, now)), due.filter((each) => !isTooOld(each, now))];
      await setDue(
        tx,
        old.map(({ id }) => id),
        null,
      );
      await setDue(
        tx,
        young.map(({ id }) => id),
        nextPollAt,
      );
      looked += due.length;
      return young.flatMap(({ providerMessageId }) => (providerMessageId === null ? [] : [providerMessageId]));
    });
    if (asked.length === 0) continue;
    const statuses = await sms.findStatuses(asked);
    if (statuses) await sql.begin((tx) => receiveByProviderIds(tx, 'sms', statuses, clock.now(), nextPollAt));
  }
  wake();
  return looked;
};
