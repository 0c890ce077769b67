import { idFrom } from '@vafa/kernel';
import type { Channel } from './purposes.ts';

/**
 * The name a suppressed address is kept under: it must outlive the customer's erasure (or the next import would write to
 * it again), so the address itself is not kept.
 */
export const addressKey = (channel: Channel, address: string): string =>
  idFrom('address', channel, address.trim().toLowerCase());

/** Enough of an address for a person to recognise it, not enough to use it. */
export const maskAddress = (address: string): string => {
  const at = address.lastIndexOf('@');
  if (at > 0) return `${address.slice(0, 1)}***${address.slice(at)}`;
  return address.length > 8 ? `${address.slice(0, 4)}***${address.slice(-3)}` : '***';
};
