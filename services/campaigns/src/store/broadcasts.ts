import type { Queryable, Tx } from '@vafa/bus';

/** waiting: not due yet · running: on its way · done · expired: due too long ago when it could run · cancelled. */
export type BroadcastStatus = 'waiting' | 'running' | 'done' | 'expired' | 'cancelled';

export interface Broadcast {
  campaignId: string;
  dueAt: string;
  status: BroadcastStatus;
  cursor: string;
  startedAt: string | null;
  finishedAt: string | null;
}

const COLUMNS = `campaign_id as "campaignId", due_at as "dueAt", status, cursor, started_at as "startedAt",
  finished_at as "finishedAt"`;

/** Sets or moves the hour of a broadcast that has not begun. */
export const scheduleBroadcast = async (tx: Tx, campaignId: string, dueAt: string): Promise<void> => {
  await tx`insert into broadcast (campaign_id, due_at, status, cursor) values (${campaignId}, ${dueAt}::timestamptz, 'waiting', '')
    on conflict (campaign_id) do update set due_at = excluded.due_at where broadcast.status = 'waiting'`;
};

export const findBroadcast = async (sql: Queryable, campaignId: string): Promise<Broadcast | undefined> => {
  const [row] = await sql<Broadcast[]>`select ${sql.unsafe(COLUMNS)} from broadcast where campaign_id = ${campaignId}`;
  return row;
};

/** As `findBroadcast`, held against the job until the transaction ends. */
export const lockBroadcast = async (tx: Tx, campaignId: string): Promise<Broadcast | undefined> => {
  const [row] = await tx<
    Broadcast[]
  >`select ${tx.unsafe(COLUMNS)} from broadcast where campaign_id = ${campaignId} for update`;
  return row;
};

/** The broadcast of an active campaign that has been due longest and that no other process is at. */
export const claimDueBroadcast = async (tx: Tx, now: Temporal.Instant): Promise<Broadcast | undefined> => {
  const [row] = await tx<Broadcast[]>`select ${tx.unsafe(COLUMNS)} from broadcast
    where status in ('waiting', 'running') and due_at <= ${now.toString()}::timestamptz
      and exists (select from campaign where campaign.id = broadcast.campaign_id and campaign.status = 'active')
    order by due_at, campaign_id limit 1 for update skip locked`;
  return row;
};

export const advanceBroadcast = async (
  tx: Tx,
  campaignId: string,
  step: { status: BroadcastStatus; cursor: string; now: Temporal.Instant },
): Promise<void> => {
  const over = step.status !== 'running';
  const now = step.now.toString();
  await tx`update broadcast set status = ${step.status}, cursor = ${step.cursor},
      started_at = coalesce(started_at, ${now}::timestamptz),
      finished_at = case when ${over} then ${now}::timestamptz end
    where campaign_id = ${campaignId}`;
};

/** Ends a broadcast that is not over, where it is. */
export const cancelBroadcast = async (tx: Tx, campaignId: string, now: Temporal.Instant): Promise<void> => {
  await tx`update broadcast set status = 'cancelled', finished_at = ${now.toString()}::timestamptz
    where campaign_id = ${campaignId} and status in ('waiting', 'running')`;
};
