import { createFinding, type Invariant } from './finding.ts';

const SERVICES = ['ledger', 'segmentation', 'campaigns', 'messaging', 'reminders'];

/** The Postgres log: offsets without holes, fences that agree with it and with what was committed. */
export const busLog: Invariant = async ({ sql, bus }) => {
  if (bus !== 'postgres-log') return [];
  const dense = createFinding('log without holes', ['holes']);
  const rows = await sql<{ place: string; records: number; from: number; to: number; first: number; next: number }[]>`
    select p.topic || '/' || p.partition as place, p.first_offset as first, p.next_offset as next, count(r.record_offset) as records,
      coalesce(min(r.record_offset), p.first_offset) as "from", coalesce(max(r.record_offset) + 1, p.first_offset) as "to"
    from bus.log_partition p left join bus.log_record r using (topic, partition)
    group by p.topic, p.partition, p.first_offset, p.next_offset`;
  for (const { place, records, from, to, first, next } of rows) {
    dense.finding.checked += records;
    if (from !== first || to !== next || records !== next - first)
      dense.wrong('holes', `${place} has ${records} records from ${from} to ${to}, says ${first} to ${next}`);
  }
  const fences = createFinding('fences agree with the log', ['beyond the end', 'behind']);
  for (const service of SERVICES) {
    const group = `vafa.${service}`;
    const own = await sql<{ place: string; fence: number; next: number; committed: number }[]>`
      select f.topic || '/' || f.partition as place, f.next_offset as fence, p.next_offset as next, coalesce(c.committed, 0) as committed
      from ${sql(`${service}.consumer_fence`)} f
      join bus.log_partition p on p.topic = f.topic and p.partition = f.partition
      left join bus.log_cursor c on c.grp = f.grp and c.topic = f.topic and c.partition = f.partition
      where f.grp = ${group}`;
    for (const { place, fence, next, committed } of own) {
      fences.finding.checked += 1;
      if (fence > next) fences.wrong('beyond the end', `${group} ${place}: ${fence} of ${next}`);
      // All is quiet: what the bus holds for handled was handled.
      else if (fence < committed) fences.wrong('behind', `${group} ${place}: ${fence}, committed ${committed}`);
    }
  }
  return [dense.finding, fences.finding];
};
