import type { Tx } from '@vafa/bus';
import { forgetRequests } from '../store/adjustment-requests.ts';
import { auditEndedRequests } from './audit-ended-requests.ts';

/** Who is on record where the customer was forgotten. */
const ERASURE = 'erasure';

/**
 * Ends what is asked for a customer who is forgotten: nobody decides it any more. The audit says so of each, as of every other end,
 * and nothing about a person; requests that are over keep theirs under the pseudonym.
 */
export const voidRequests = async (
  tx: Tx,
  customerId: string,
  pseudonym: string,
  now: Temporal.Instant,
): Promise<void> => {
  const at = now.toString();
  const ids = await forgetRequests(tx, customerId, pseudonym, at);
  if (ids.length > 0) await auditEndedRequests(tx, ids, { at, actor: ERASURE, status: 'void' });
};
