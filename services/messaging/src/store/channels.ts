import type { Queryable, Sql, Tx } from '@vafa/bus';
import type { ChannelCircuit } from '../domain/channel-circuit.ts';
import type { Channel } from '../domain/purposes.ts';
import { instantOrNull } from './instants.ts';

export interface ChannelState extends ChannelCircuit {
  channel: Channel;
  reason: string | null;
  changedAt: string | null;
}

type Row = Omit<ChannelState, 'pausedUntil'> & { pausedUntil: string | null };

export const findChannel = async (tx: Queryable, channel: Channel): Promise<ChannelState> => {
  const [row] = await tx<Row[]>`select channel, paused_until as "pausedUntil", pauses, reason, changed_at as "changedAt"
    from channel_state where channel = ${channel}`;
  if (!row) return { channel, pausedUntil: null, pauses: 0, reason: null, changedAt: null };
  return { ...row, pausedUntil: instantOrNull(row.pausedUntil) };
};

/** Waits for other processes that change the same circuit. */
export const lockChannel = async (tx: Tx, channel: Channel): Promise<ChannelState> => {
  await tx`insert into channel_state (channel) values (${channel}) on conflict do nothing`;
  await tx`select 1 from channel_state where channel = ${channel} for update`;
  return findChannel(tx, channel);
};

export const saveCircuit = async (
  tx: Tx,
  channel: Channel,
  circuit: ChannelCircuit,
  reason: string | null,
  now: Temporal.Instant,
): Promise<void> => {
  await tx`update channel_state set paused_until = ${circuit.pausedUntil?.toString() ?? null}::timestamptz,
    pauses = ${circuit.pauses}, reason = ${reason}, changed_at = ${now.toString()}::timestamptz where channel = ${channel}`;
};

/**
 * Takes the next place in the row of calls, `intervalMs` after the one before, and returns how long to wait for it. By the
 * database's clock, which all processes share: what is paced is real calls, not business time.
 */
export const takeCallSlot = async (sql: Sql, channel: Channel, intervalMs: number): Promise<number> => {
  const [row] = await sql<{ waitMs: number }[]>`
    insert into channel_state (channel, next_call_at) values (${channel}, clock_timestamp() + ${intervalMs} * interval '1 ms')
    on conflict (channel) do update set next_call_at =
      greatest(coalesce(channel_state.next_call_at, '-infinity'), clock_timestamp()) + ${intervalMs} * interval '1 ms'
    returning (extract(epoch from next_call_at - clock_timestamp()) * 1000 - ${intervalMs})::float8 as "waitMs"`;
  return Math.max(0, row?.waitMs ?? 0);
};
