import type { Tx } from '@vafa/bus';
import { type MessageState, readReceipt } from '../domain/message-state.ts';
import type { Channel, Purpose } from '../domain/purposes.ts';
import { lockByProviderIds } from '../store/claims.ts';
import type { Move } from '../store/moves.ts';
import { suppressAddresses } from '../store/suppressions.ts';
import { moveMessages } from './move-messages.ts';

/** News of one message, which the caller holds. */
export interface News {
  id: number;
  attempts: number;
  purpose: Purpose;
  address: string | null;
  state: MessageState;
  /** In Kavenegar's numbers. */
  status: number;
}

/** While a phone is off its message may still arrive; until then it is asked about as before. */
const keepsWaiting = (to: MessageState): boolean => to === 'undelivered';

/**
 * Books receipts. What is no news changes nothing, so that callbacks, polls and repetitions may come in any order. A
 * recipient who blocks the line is not written to for that purpose again. Returns how many messages moved.
 */
export const receive = async (
  tx: Tx,
  channel: Channel,
  news: readonly News[],
  now: Temporal.Instant,
  nextPollAt: Temporal.Instant | null = null,
): Promise<number> => {
  const moves: Move[] = [];
  const blocked: News[] = [];
  for (const each of news) {
    const receipt = readReceipt(each.state, each.status);
    if (!receipt) continue;
    const dueAt = keepsWaiting(receipt.to) ? nextPollAt : null;
    moves.push({
      messageId: each.id,
      from: each.state,
      attempts: each.attempts,
      to: receipt.to,
      dueAt,
      reason: receipt.reason,
      providerStatus: each.status,
    });
    if (receipt.blocked) blocked.push(each);
  }
  const moved = await moveMessages(tx, moves, now);
  await suppressAddresses(
    tx,
    blocked.flatMap(({ id, address, purpose }) =>
      address === null ? [] : [{ channel, address, purpose, reason: 'blocked_by_recipient', messageId: id }],
    ),
    now,
  );
  return moved.length;
};

/** Books receipts that come by the provider's ids; unknown ids are none of ours (or not booked yet: the poll will tell). */
export const receiveByProviderIds = async (
  tx: Tx,
  channel: Channel,
  statuses: ReadonlyMap<string, number>,
  now: Temporal.Instant,
  nextPollAt: Temporal.Instant | null,
): Promise<number> => {
  const messages = await lockByProviderIds(tx, channel, [...statuses.keys()]);
  const news = messages.map(({ id, attempts, purpose, address, state, providerMessageId }) => ({
    ...{ id, attempts, purpose, address, state },
    status: statuses.get(providerMessageId ?? '') ?? 0,
  }));
  return receive(tx, channel, news, now, nextPollAt);
};
