import type { Log } from '@vafa/kernel';
import type { Sql } from '../sql.ts';

/** A partition this member reads, under the epoch its lease was taken with. */
export interface Lease {
  topic: string;
  partition: number;
  committed: bigint;
  epoch: number;
}

export interface MembershipOptions {
  sql: Sql;
  group: string;
  member: string;
  topics: readonly string[];
  leaseMs: number;
  log: Log;
}

/**
 * Shares a group's partitions among its living members: each holds leases on its fair share, gives up what is beyond it,
 * and takes what is free or whose lease ran out. Taking over raises the epoch, so the old owner can't commit any more.
 * All times are the database's, so members' clocks don't matter.
 */
export const createMembership = ({ sql, group, member, topics, leaseMs, log }: MembershipOptions) => {
  const lease = `${leaseMs} milliseconds`;
  const names = [...topics];

  const heartbeat = async (): Promise<number> => {
    await sql`insert into log_member (grp, member, alive_until) values (${group}, ${member}, clock_timestamp() + ${lease}::interval)
      on conflict (grp, member) do update set alive_until = excluded.alive_until`;
    await sql`delete from log_member where grp = ${group} and alive_until < clock_timestamp() - interval '1 minute'`;
    const [row] = await sql<{ members: number }[]>`select count(*) as members from log_member
      where grp = ${group} and alive_until > clock_timestamp()`;
    return Math.max(1, row?.members ?? 1);
  };

  const ensureCursors = async (): Promise<void> => {
    await sql`insert into log_cursor (grp, topic, partition, committed)
      select ${group}, topic, partition, first_offset from log_partition where topic = any(${names}::text[])
      on conflict do nothing`;
  };

  /** Prolongs what is ours and returns it: what is missing in the answer was lost. */
  const renew = (): Promise<Lease[]> =>
    readLeases(sql`update log_cursor set lease_until = clock_timestamp() + ${lease}::interval
      where grp = ${group} and owner = ${member} and topic = any(${names}::text[])
      returning topic, partition, committed, epoch`);

  const claim = (limit: number): Promise<Lease[]> =>
    readLeases(sql`update log_cursor c
      set owner = ${member}, epoch = epoch + 1, lease_until = clock_timestamp() + ${lease}::interval
      from (select topic, partition from log_cursor
        where grp = ${group} and topic = any(${names}::text[]) and (owner is null or lease_until < clock_timestamp())
        order by topic, partition limit ${limit} for update skip locked) free
      where c.grp = ${group} and c.topic = free.topic and c.partition = free.partition
      returning c.topic, c.partition, c.committed, c.epoch`);

  const release = async (leases: readonly Lease[]): Promise<void> => {
    if (leases.length === 0) return;
    await sql`update log_cursor c set owner = null, lease_until = null
      from unnest(${leases.map(({ topic }) => topic)}::text[], ${leases.map(({ partition }) => partition)}::int[]) as l(topic, partition)
      where c.grp = ${group} and c.owner = ${member} and c.topic = l.topic and c.partition = l.partition`;
  };

  const total = async (): Promise<number> => {
    const [row] = await sql<{ n: number }[]>`select count(*) as n from log_cursor
      where grp = ${group} and topic = any(${names}::text[])`;
    return row?.n ?? 0;
  };

  return {
    ensureCursors,
    release,
    /** One round: heartbeat, renew, claim up to the fair share. `surplus` is how many of ours others should have. */
    round: async (): Promise<{ leases: Lease[]; surplus: number }> => {
      const members = await heartbeat();
      const leases = await renew();
      const fairShare = Math.ceil((await total()) / members);
      if (leases.length < fairShare) {
        const claimed = await claim(fairShare - leases.length);
        if (claimed.length > 0) log.debug({ group, claimed: claimed.length, members }, 'partitions taken');
        leases.push(...claimed);
      }
      return { leases, surplus: Math.max(0, leases.length - fairShare) };
    },
    /** False when the partition was lost: somebody else's epoch is in force. */
    commit: async (held: Lease, next: bigint): Promise<boolean> => {
      const rows = await sql`update log_cursor set committed = ${next.toString()}::bigint
        where grp = ${group} and topic = ${held.topic} and partition = ${held.partition}
          and owner = ${member} and epoch = ${held.epoch} returning 1`;
      return rows.length === 1;
    },
    leave: async (): Promise<void> => {
      await sql`update log_cursor set owner = null, lease_until = null where grp = ${group} and owner = ${member}`;
      await sql`delete from log_member where grp = ${group} and member = ${member}`;
    },
  };
};

const readLeases = async (query: Promise<Iterable<unknown>>): Promise<Lease[]> =>
  [...(await query)].map((row) => {
    const { topic, partition, committed, epoch } = row as {
      topic: string;
      partition: number;
      committed: number;
      epoch: number;
    };
    return { topic, partition, committed: BigInt(committed), epoch };
  });
