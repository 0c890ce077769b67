import { plainArray } from '../array-literal.ts';
import type { OutRecord } from '../port.ts';
import type { Queryable } from '../sql.ts';
import { textList } from '../text-list.ts';
import { partitionOf } from './partition-of.ts';

/** Records of one partition, in the order in which they came. */
export interface PartitionRecords {
  topic: string;
  partition: number;
  records: OutRecord[];
}

/**
 * Records by their partitions, in the order in which every process locks these.
 * @param partitionsOf how many partitions a topic has
 */
export const byPartition = (
  records: readonly OutRecord[],
  partitionsOf: (topic: string) => number,
): PartitionRecords[] => {
  const topics = new Map<string, (PartitionRecords | undefined)[]>();
  for (const record of records) {
    const { topic, key } = record;
    let found = topics.get(topic);
    if (!found) {
      found = new Array<PartitionRecords | undefined>(partitionsOf(topic)).fill(undefined);
      topics.set(topic, found);
    }
    const partition = partitionOf(key, found.length);
    const there = found[partition];
    if (there) there.records.push(record);
    else found[partition] = { topic, partition, records: [record] };
  }
  return [...topics]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, found]) => found.filter((each) => each !== undefined));
};

const headerText = ({ headers }: OutRecord): string =>
  typeof headers === 'string' ? headers : JSON.stringify(headers);

/**
 * Appends to the log, in one statement. Records of a partition get the offsets that follow its last one, in their order.
 * @throws what the database throws: P0002 for a partition that does not exist
 */
export const appendRecords = async (db: Queryable, partitions: readonly PartitionRecords[]): Promise<void> => {
  const records = partitions.flatMap((each) => each.records);
  if (records.length === 0) return;
  const places = partitions.flatMap((each, i) => new Array<number>(each.records.length).fill(i + 1));
  const bytes = records.some(({ value }) => value instanceof Buffer)
    ? records.map(({ value }) => (value instanceof Buffer ? value : null))
    : null;
  await db`select log_append(
    ${textList(
      db,
      partitions.map(({ topic }) => topic),
    )},
    ${plainArray(partitions.map(({ partition }) => partition))}::int[],
    ${plainArray(partitions.map((each) => each.records.length))}::int[],
    ${plainArray(places)}::int[],
    ${textList(
      db,
      records.map(({ key }) => key),
    )},
    ${textList(db, records.map(headerText))},
    ${textList(
      db,
      records.map(({ value }) => (typeof value === 'string' ? value : null)),
    )},
    ${bytes}::bytea[])`;
};
