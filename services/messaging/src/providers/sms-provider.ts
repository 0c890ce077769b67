import type { CallOutcome } from '../domain/call-outcome.ts';

/** One SMS on its way out. */
export interface SmsItem {
  /** Ours, unique for ever; what the provider is asked by when nobody knows whether it took the message. */
  messageId: number;
  /** E.164. */
  phone: string;
  text: string;
}

/** What a provider knows of a message. */
export interface ProviderState {
  providerMessageId: string;
  /** In Kavenegar's numbers: 1, 2, 4, 5, 6, 10, 11, 13, 14. */
  status: number;
}

/** Ends a portion in time for its lease. */
export interface CallBudget {
  /** May another call be made? False when it could outlive the claim. */
  mayCall: () => boolean;
}

/** A way to send SMS. Nothing here throws for what the network or the provider does: that is an outcome. */
export interface SmsProvider {
  /** Tries each message once; every id of the batch has an outcome. */
  send(items: readonly SmsItem[], budget: CallBudget): Promise<Map<number, CallOutcome>>;
  /** What became of messages, by our ids; ids that are not known to the provider are absent. Undefined: no answer. */
  findByMessageIds(messageIds: readonly number[]): Promise<Map<number, ProviderState> | undefined>;
  /** How far messages are, by the provider's ids; those it does not know (any more) are absent. Undefined: no answer. */
  findStatuses(providerMessageIds: readonly string[]): Promise<Map<string, number> | undefined>;
}
