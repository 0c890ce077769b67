import type { Tx } from '@vafa/bus';

/** Leaves the trace of a change: who, what, before, after. */
export const recordAdminChange = async (
  tx: Tx,
  change: { at: Temporal.Instant; actor: string; subject: string; before: unknown; after: unknown },
): Promise<void> => {
  const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value));
  await tx`insert into admin_change (at, actor, subject, before, after) values (${change.at.toString()}::timestamptz,
    ${change.actor}, ${change.subject}, ${json(change.before)}::text::jsonb, ${json(change.after)}::text::jsonb)`;
};
