import type { Queryable } from '@vafa/bus';
import type { Channel } from '../domain/purposes.ts';

export interface ChannelGauge {
  channel: Channel;
  /** Messages queued whose time has come. */
  due: number;
  oldestDueSeconds: number;
  /** Unknown outcomes that wait for an operator. */
  held: number;
}

/** How each channel stands. */
export const measureChannels = (
  sql: Queryable,
  channels: readonly Channel[],
  now: Temporal.Instant,
): Promise<ChannelGauge[]> =>
  sql<ChannelGauge[]>`select c.channel, due.count as due, due.oldest as "oldestDueSeconds", held.count as held
    from unnest(${[...channels]}::text[]) as c(channel)
    cross join lateral (select count(*) as count,
        coalesce(extract(epoch from ${now.toString()}::timestamptz - min(due_at)), 0)::float8 as oldest
      from message m where m.state = 'queued' and m.channel = c.channel and m.due_at <= ${now.toString()}::timestamptz) due
    cross join lateral (select count(*) as count from message m
      where m.state = 'unknown' and m.channel = c.channel and m.due_at is null) held`;
