import type { Tx } from '@vafa/bus';
import type { ContactPolicy } from '../domain/contact-policy.ts';
import { recordAdminChange } from '../store/admin-changes.ts';
import { findPolicy, savePolicy, type StoredPolicy } from '../store/policies.ts';
import type { Change } from './change-template.ts';

/** Puts a contact policy in force for all messages from now on, those that wait included. */
export const putPolicy = async (tx: Tx, policy: ContactPolicy, { actor, now }: Change): Promise<StoredPolicy> => {
  await tx`select pg_advisory_xact_lock(hashtextextended('contact_policy', 1))`;
  const before = await findPolicy(tx);
  const after = await savePolicy(tx, policy, now);
  await recordAdminChange(tx, { at: now, actor, subject: 'contact-policy', before: before?.policy, after: policy });
  return after;
};
