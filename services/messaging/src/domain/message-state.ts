/**
 * queued: waits for its time · sending: claimed, the provider may be called · unknown: the provider may have it or not ·
 * sent: the provider has it · delivered · undelivered: phone off, may still arrive · failed · suppressed: never tried.
 */
export const STATES = [
  'queued',
  'sending',
  'unknown',
  'sent',
  'delivered',
  'undelivered',
  'failed',
  'suppressed',
] as const;
export type MessageState = (typeof STATES)[number];

/** What a provider's status means for a message that it has. */
export type Receipt = { to: 'delivered' | 'undelivered' | 'failed'; reason: string | null; blocked: boolean };

const RECEIPTS: Readonly<Record<number, Receipt>> = {
  6: { to: 'failed', reason: 'provider_error', blocked: false },
  10: { to: 'delivered', reason: null, blocked: false },
  11: { to: 'undelivered', reason: 'undelivered', blocked: false },
  13: { to: 'failed', reason: 'cancelled_by_provider', blocked: false },
  14: { to: 'failed', reason: 'blocked_by_recipient', blocked: true },
};

/**
 * Reads a Kavenegar message status. Undefined where nothing changes: still under way (1, 2, 4, 5), not known any more
 * (100), a repetition, or news from the past, for reports come twice and out of order. Only 11 may be mended, by 10.
 */
export const readReceipt = (state: MessageState, providerStatus: number): Receipt | undefined => {
  const receipt = RECEIPTS[providerStatus];
  if (!receipt || receipt.to === state) return undefined;
  if (state === 'sent') return receipt;
  return state === 'undelivered' && receipt.to === 'delivered' ? receipt : undefined;
};
