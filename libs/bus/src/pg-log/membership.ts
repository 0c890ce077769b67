import { plainArray } from '../array-literal.ts';
import type { PartitionPlace } from '../port.ts';
import type { Sql } from '../sql.ts';

/** A partition this member reads, under the epoch its lease was taken with. */
export interface Lease {
  topic: string;
  partition: number;
  committed: bigint;
  epoch: number;
}

/** How far a partition is handled: everything below `next`. */
export interface Reached {
  lease: Lease;
  next: bigint;
}

export interface MembershipOptions {
  sql: Sql;
  group: string;
  member: string;
  topics: readonly string[];
  leaseMs: number;
}

interface TopicShare {
  topic: string;
  partitions: number;
  /** Living members that hear the topic. */
  members: number;
  /** How many of them come before this one. */
  before: number;
}

/** What a round found: the partitions this member has, and how many of each topic it should have. */
export interface Round {
  leases: Lease[];
  shares: Map<string, number>;
}

/** Even shares; what is left over goes to other members on each topic. */
export const fairShare = ({ partitions, members, before }: Omit<TopicShare, 'topic'>, nthTopic: number): number => {
  const others = Math.max(1, members);
  const leftOver = partitions % others;
  return Math.floor(partitions / others) + ((before + nthTopic) % others < leftOver ? 1 : 0);
};

/**
 * The statements behind a member's leases. Those that change several rows lock them in one order. All times are the database's, so
 * members' clocks don't matter.
 */
const createStatements = ({ sql, group, member, topics, leaseMs }: MembershipOptions) => {
  const lease = `${leaseMs} milliseconds`;
  const names = [...topics];
  return {
    heartbeat: async (): Promise<void> => {
      await sql`insert into log_member (grp, member, topics, alive_until)
        values (${group}, ${member}, ${names}::text[], clock_timestamp() + ${lease}::interval)
        on conflict (grp, member) do update set alive_until = excluded.alive_until, topics = excluded.topics`;
      await sql`delete from log_member where grp = ${group} and alive_until < clock_timestamp() - interval '1 minute'`;
    },

    shares: (): Promise<TopicShare[]> => sql<TopicShare[]>`
      select c.topic, count(*) as partitions, m.members, m.before
      from log_cursor c cross join lateral (
        select count(*) as members, count(*) filter (where member < ${member}) as before from log_member
        where grp = ${group} and alive_until > clock_timestamp() and c.topic = any(topics)) m
      where c.grp = ${group} and c.topic = any(${names}::text[])
      group by c.topic, m.members, m.before order by c.topic`,

    /** Prolongs what is ours and returns it: what is missing in the answer was lost. */
    renew: (): Promise<Lease[]> =>
      readLeases(sql`
        with mine as materialized (
          select grp, topic, partition from log_cursor
          where grp = ${group} and owner = ${member} and topic = any(${names}::text[]) order by topic, partition for update)
        update log_cursor c set lease_until = clock_timestamp() + ${lease}::interval from mine
        where (c.grp, c.topic, c.partition) = (mine.grp, mine.topic, mine.partition)
        returning c.topic, c.partition, c.committed, c.epoch`),

    /** Takes what is free or whose lease ran out. A new epoch keeps the old owner from committing. */
    claim: (wanted: readonly { topic: string; count: number }[]): Promise<Lease[]> =>
      readLeases(sql`update log_cursor c
        set owner = ${member}, epoch = epoch + 1, lease_until = clock_timestamp() + ${lease}::interval
        from unnest(${wanted.map(({ topic }) => topic)}::text[], ${wanted.map(({ count }) => count)}::int[]) as w(topic, n)
          cross join lateral (select partition from log_cursor
            where grp = ${group} and topic = w.topic and (owner is null or lease_until < clock_timestamp())
            order by partition limit w.n for update skip locked) free
        where c.grp = ${group} and c.topic = w.topic and c.partition = free.partition
        returning c.topic, c.partition, c.committed, c.epoch`),
  };
};

/**
 * Shares a group's partitions among its living members, topic by topic: each holds leases on its fair share, gives up what
 * is beyond it, and takes what is free or whose lease ran out.
 */
export const createMembership = (options: MembershipOptions) => {
  const { sql, group, member, topics } = options;
  const statements = createStatements(options);

  const claimMissing = async (leases: readonly Lease[], shares: ReadonlyMap<string, number>): Promise<Lease[]> => {
    const wanted = [...shares]
      .map(([topic, share]) => ({ topic, count: share - leases.filter((lease) => lease.topic === topic).length }))
      .filter(({ count }) => count > 0);
    return wanted.length > 0 ? statements.claim(wanted) : [];
  };

  return {
    /**
     * A new group begins where the log begins. A cursor beyond the log's end means that the log was re-created: it is read
     * from its beginning, or what is new in it would never be read.
     */
    ensureCursors: async (): Promise<void> => {
      await sql`insert into log_cursor as c (grp, topic, partition, committed)
        select ${group}, p.topic, p.partition, p.first_offset from log_partition p where p.topic = any(${[...topics]}::text[])
        on conflict (grp, topic, partition) do update set committed = excluded.committed
          where c.committed > (select next_offset from log_partition p where p.topic = c.topic and p.partition = c.partition)`;
    },

    /**
     * Sets cursors back that are beyond what the group's service knows to be handled, and returns how many: its database is an
     * older one, and without a new record nobody would look at what lies between. Where a member is at work its cursor stays:
     * it moves while we look.
     */
    rewind: async (handled: readonly PartitionPlace[]): Promise<number> => {
      const rows = await sql`
        with ahead as materialized (
          select c.grp, c.topic, c.partition, greatest(p.first_offset, coalesce(h.next, 0)) as next
          from log_cursor c join log_partition p using (topic, partition)
          left join unnest(
            ${plainArray(handled.map(({ topic }) => topic))}::text[],
            ${plainArray(handled.map(({ partition }) => partition))}::integer[],
            ${plainArray(handled.map(({ nextOffset }) => nextOffset))}::bigint[]
          ) as h(topic, partition, next) using (topic, partition)
          where c.grp = ${group} and c.topic = any(${[...topics]}::text[])
            and c.committed > greatest(p.first_offset, coalesce(h.next, 0))
            and (c.owner is null or c.lease_until < clock_timestamp())
          order by c.topic, c.partition for update of c)
        update log_cursor c set committed = ahead.next from ahead
        where (c.grp, c.topic, c.partition) = (ahead.grp, ahead.topic, ahead.partition) returning c.partition`;
      return rows.length;
    },

    /** Says that this member lives and keeps its leases; takes new ones unless it is stopping. */
    round: async (takeMore: boolean): Promise<Round> => {
      await statements.heartbeat();
      const leases = await statements.renew();
      const found = await statements.shares();
      const shares = new Map(found.map((share, i) => [share.topic, fairShare(share, i)]));
      if (takeMore) leases.push(...(await claimMissing(leases, shares)));
      return { leases, shares };
    },

    release: async (leases: readonly Lease[]): Promise<void> => {
      if (leases.length === 0) return;
      await sql`update log_cursor c set owner = null, lease_until = null
        from unnest(${leases.map(({ topic }) => topic)}::text[], ${leases.map(({ partition }) => partition)}::int[]) as l(topic, partition)
        where c.grp = ${group} and c.owner = ${member} and c.topic = l.topic and c.partition = l.partition`;
    },

    /**
     * Notes how far partitions are handled. Of each: false when it was lost, as somebody else's epoch is in force. The disk is
     * not waited for: what a crash of the server makes forgotten is read again, and the fence drops it.
     */
    commit: async (reached: readonly Reached[]): Promise<boolean[]> => {
      const rows = await sql<{ n: number }[]>`
        with relaxed as materialized (select set_config('synchronous_commit', 'off', true)),
        mine as materialized (
          select c.grp, c.topic, c.partition, u.next, u.n::integer as n
          from unnest(
            ${plainArray(reached.map(({ lease }) => lease.topic))}::text[],
            ${plainArray(reached.map(({ lease }) => lease.partition))}::integer[],
            ${plainArray(reached.map(({ lease }) => lease.epoch))}::bigint[],
            ${plainArray(reached.map(({ next }) => String(next)))}::bigint[]
          ) with ordinality as u(topic, partition, epoch, next, n)
          join log_cursor c on c.grp = ${group} and c.topic = u.topic and c.partition = u.partition
            and c.owner = ${member} and c.epoch = u.epoch
          order by c.topic, c.partition for update of c)
        update log_cursor c set committed = mine.next from relaxed cross join mine
        where (c.grp, c.topic, c.partition) = (mine.grp, mine.topic, mine.partition) returning mine.n`;
      const kept = new Set(rows.map(({ n }) => n));
      return reached.map((_, i) => kept.has(i + 1));
    },

    leave: async (): Promise<void> => {
      await sql`update log_cursor set owner = null, lease_until = null where grp = ${group} and owner = ${member}`;
      await sql`delete from log_member where grp = ${group} and member = ${member}`;
    },
  };
};

export type Membership = ReturnType<typeof createMembership>;

const readLeases = async (query: Promise<Iterable<unknown>>): Promise<Lease[]> =>
  [...(await query)].map((row) => {
    const { committed, ...rest } = row as Omit<Lease, 'committed'> & { committed: number };
    return { ...rest, committed: BigInt(committed) };
  });
