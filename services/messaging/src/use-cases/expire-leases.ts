import { CHANNELS } from '../domain/purposes.ts';
import type { MessagingContext } from '../parts.ts';
import { lockWaiting } from '../store/claims.ts';
import { moveMessages } from './move-messages.ts';

const PORTION = 500;

/**
 * Finds claims that were never booked: their process died or was cut off between the claim and the booking. Whether the
 * provider was called is not known, and whatever call there was has ended by now.
 */
export const expireLeases = ({ sql, clock }: MessagingContext): Promise<number> =>
  sql.begin(async (tx) => {
    const now = clock.now();
    let expired = 0;
    for (const channel of CHANNELS) {
      const messages = await lockWaiting(tx, { state: 'sending', channel, limit: PORTION }, now);
      const moved = await moveMessages(
        tx,
        messages.map(({ id, attempts }) => ({
          ...{ messageId: id, from: 'sending' as const, attempts, to: 'unknown' as const },
          ...{ dueAt: now, reason: 'lease_expired' },
        })),
        now,
      );
      expired += moved.length;
    }
    return expired;
  });
