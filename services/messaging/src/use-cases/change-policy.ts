import type { Tx } from '@vafa/bus';
import type { ContactPolicy } from '../domain/contact-policy.ts';
import { recordAdminChange } from '../store/admin-changes.ts';
import { lockPolicy, type StoredPolicy, savePolicy } from '../store/policies.ts';
import type { Change } from './change-template.ts';

/** Puts a contact policy in force for all messages from now on, those that wait included. */
export const putPolicy = async (tx: Tx, policy: ContactPolicy, { actor, now }: Change): Promise<StoredPolicy> => {
  const before = await lockPolicy(tx);
  const after = await savePolicy(tx, policy, now);
  await recordAdminChange(tx, { at: now, actor, subject: 'contact-policy', before: before?.policy, after: policy });
  return after;
};
