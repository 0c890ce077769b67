import { setTimeout as wait } from 'node:timers/promises';
import type { Sql } from '@vafa/bus';
import { createFinding, type Invariant } from './finding.ts';

const SERVICES = ['gateway', 'ledger', 'segmentation', 'campaigns', 'messaging', 'reminders'];
/** Receipts still come in: what was just written is on its way, and gone by then. */
const PATIENCE_MS = 5_000;

interface Row {
  place: string;
  topic: string;
}

const rowsOf = async (sql: Sql): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const service of SERVICES)
    rows.push(
      ...(await sql<
        Row[]
      >`select ${`${service} record `} || id as place, topic from ${sql(`${service}.outbox`)} order by id`),
    );
  return rows;
};

/** What a transaction wanted to tell was told: nothing lies in an outbox for ever. */
export const outboxes: Invariant = async ({ sql }) => {
  const { finding, wrong } = createFinding('outboxes empty', ['unpublished']);
  finding.checked = SERVICES.length;
  const before = new Set((await rowsOf(sql)).map(({ place }) => place));
  if (before.size === 0) return [finding];
  await wait(PATIENCE_MS);
  for (const { place, topic } of await rowsOf(sql))
    if (before.has(place)) wrong('unpublished', `${place} for ${topic}`);
  return [finding];
};
