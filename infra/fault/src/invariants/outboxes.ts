import { createFinding, type Invariant } from './finding.ts';

const SERVICES = ['gateway', 'ledger', 'segmentation', 'campaigns', 'messaging', 'reminders'];

/** What a transaction wanted to tell was told: nothing lies in an outbox for ever. */
export const outboxes: Invariant = async ({ sql }) => {
  const { finding, wrong } = createFinding('outboxes empty', ['unpublished']);
  for (const service of SERVICES) {
    finding.checked += 1;
    const rows = await sql<
      { id: number; topic: string }[]
    >`select id, topic from ${sql(`${service}.outbox`)} order by id`;
    for (const { id, topic } of rows) wrong('unpublished', `${service}: record ${id} for ${topic}`);
  }
  return [finding];
};
