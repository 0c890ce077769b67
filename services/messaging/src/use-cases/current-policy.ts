import type { Queryable } from '@vafa/bus';
import type { ContactPolicy } from '../domain/contact-policy.ts';
import { findPolicy } from '../store/policies.ts';

/** The contact policy in force: the one put over HTTP, else the settings'. */
export const currentPolicy = async (tx: Queryable, fallback: ContactPolicy): Promise<ContactPolicy> =>
  (await findPolicy(tx))?.policy ?? fallback;
