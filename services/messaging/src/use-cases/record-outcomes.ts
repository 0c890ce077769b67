import { backOffMs, isInfrastructure, type Sql, sleep, type Tx } from '@vafa/bus';
import { afterCall, type CallOutcome, type RetrySettings } from '../domain/call-outcome.ts';
import { readReceipt } from '../domain/message-state.ts';
import type { Channel } from '../domain/purposes.ts';
import type { Move } from '../store/moves.ts';
import { ANY_PURPOSE, suppressAddresses } from '../store/suppressions.ts';
import { receive } from './apply-receipts.ts';
import { openChannel, type PauseSettings, pauseChannel } from './channel-gate.ts';
import type { ClaimedMessage } from './claim-step.ts';
import { moveMessages } from './move-messages.ts';

export interface RecordSettings extends RetrySettings, PauseSettings {
  /** Until the first question after a receipt. */
  receiptPollMs: number;
}

/** A claimed message and what the call for it came to. */
export interface Tried {
  message: ClaimedMessage;
  outcome: CallOutcome;
}

const moveOf = (
  { message, outcome }: Tried,
  channel: Channel,
  settings: RecordSettings,
  now: Temporal.Instant,
): Move => {
  const claim = { messageId: message.id, from: 'sending' as const, attempts: message.attempts };
  if (outcome.kind !== 'accepted') return { ...claim, ...afterCall(outcome, message, settings, now, Math.random()) };
  const { providerMessageId, providerStatus, costRial } = outcome;
  const dueAt = channel === 'sms' ? now.add({ milliseconds: settings.receiptPollMs }) : null;
  return { ...claim, to: 'sent', dueAt, reason: null, providerMessageId, providerStatus, costRial };
};

/** Books what a call came to: rows, histories, events, suppressed addresses, the channel's circuit. */
export const recordOutcomes = async (
  tx: Tx,
  channel: Channel,
  tried: readonly Tried[],
  settings: RecordSettings,
  now: Temporal.Instant,
): Promise<void> => {
  const moved = await moveMessages(
    tx,
    tried.map((each) => moveOf(each, channel, settings, now)),
    now,
  );
  const ids = new Set(moved.map(({ id }) => id));
  const bad = tried.filter(
    ({ message, outcome }) => ids.has(message.id) && outcome.kind === 'refused' && outcome.badAddress,
  );
  await suppressAddresses(
    tx,
    bad.map(({ message, outcome }) => {
      const reason = outcome.kind === 'refused' ? outcome.code : '';
      return { channel, address: message.address, purpose: ANY_PURPOSE, reason, messageId: message.id };
    }),
    now,
  );
  // Rarely the answer to the sending itself says already that it is blocked or failed.
  const decided = tried.flatMap(({ message, outcome }) =>
    outcome.kind === 'accepted' && outcome.providerStatus !== null && readReceipt('sent', outcome.providerStatus)
      ? [
          {
            id: message.id,
            attempts: message.attempts,
            purpose: message.purpose,
            address: message.address,
            state: 'sent' as const,
            status: outcome.providerStatus,
          },
        ]
      : [],
  );
  await receive(tx, channel, decided, now, now.add({ milliseconds: settings.receiptPollMs }));
  const down = tried.map(({ outcome }) => outcome).find((outcome) => outcome.kind === 'channel_down');
  if (down) await pauseChannel(tx, channel, down.code, settings, now);
  else if (tried.some(({ outcome }) => outcome.kind === 'accepted')) await openChannel(tx, channel, now);
};

/**
 * Runs a booking until the database takes it: what the provider has taken should not become an unknown outcome because of
 * a short trouble here. Gives up with the error when `mayTry` says that the claim is running out.
 */
export const untilBooked = async (sql: Sql, book: (tx: Tx) => Promise<void>, mayTry: () => boolean): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sql.begin(book);
      return;
    } catch (error) {
      if (!isInfrastructure(error) || !mayTry()) throw error;
      await sleep(backOffMs(attempt, 1_000));
    }
  }
};
