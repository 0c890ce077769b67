import type { Queryable, Tx } from '@vafa/bus';
import type { ContactPolicy } from '../domain/contact-policy.ts';

export interface StoredPolicy {
  policy: ContactPolicy;
  version: number;
  updatedAt: string;
}

/** The policy that was put in force over HTTP, if any was. */
export const findPolicy = async (tx: Queryable): Promise<StoredPolicy | undefined> => {
  const [row] = await tx<
    StoredPolicy[]
  >`select policy, version, updated_at as "updatedAt" from contact_policy where id = 1`;
  return row;
};

/** As `findPolicy`, and nobody else puts one until this transaction ends. */
export const lockPolicy = async (tx: Tx): Promise<StoredPolicy | undefined> => {
  await tx`select pg_advisory_xact_lock(hashtextextended('messaging.contact_policy', 0))`;
  return findPolicy(tx);
};

export const savePolicy = async (tx: Tx, policy: ContactPolicy, now: Temporal.Instant): Promise<StoredPolicy> => {
  const [row] = await tx<StoredPolicy[]>`insert into contact_policy (id, policy, version, updated_at)
    values (1, ${JSON.stringify(policy)}::text::jsonb, 1, ${now.toString()}::timestamptz)
    on conflict (id) do update set policy = excluded.policy, version = contact_policy.version + 1, updated_at = excluded.updated_at
    returning policy, version, updated_at as "updatedAt"`;
  return row as StoredPolicy;
};
