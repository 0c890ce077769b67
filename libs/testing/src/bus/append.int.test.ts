import { setTimeout as sleep } from 'node:timers/promises';
import { appendRecords, removeOldRecords, type Sql, type Tx } from '@vafa/bus';
import { createLog, openSql } from '@vafa/platform';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { openTestBus, type TestBus } from './open-test-bus.ts';
import { createShopDatabase, type ShopDatabase } from './shop-database.ts';
import { until } from './until.ts';

const log = createLog({ level: 'silent' });
let shop: ShopDatabase;
let sql: Sql;
let opened: TestBus;
let topic: string;
let counter = 0;

beforeAll(async () => {
  shop = await createShopDatabase(givenPostgres());
  sql = openSql({ url: shop.url, max: 10, name: 'vafa-test-log', schema: 'bus' });
});
beforeEach(async () => {
  await sql`truncate log_topic, log_partition, log_record, log_cursor, log_member`;
  opened = await openTestBus({ kind: 'postgres-log', url: shop.url, leaseMs: 1_500 }, log);
  counter += 1;
  topic = `topic${counter}`;
  await opened.bus.ensureTopics([{ name: topic, partitions: 2 }]);
});
afterEach(() => opened.close());
afterAll(async () => {
  await sql.end();
  await shop.drop();
});

const record = (value: string, key = 'k') => ({ topic, key, headers: {}, value });
const bounds = async () => (await opened.bus.bounds(topic)).map(({ low, high }) => [Number(low), Number(high)]);
/** Reads with a group and remembers what came. */
const startReading = async (group: string, maxBatch = 100) => {
  const values: string[] = [];
  const onFatal = () => undefined;
  const reader = await opened.bus.subscribe(
    { group, topics: [topic], maxBatch, concurrency: 2, onFatal },
    async (batch) => {
      values.push(...batch.records.map(({ value }) => String(value)));
      return { kind: 'done' };
    },
  );
  return { values, stop: () => reader.stop(5_000) };
};

describe('dense offsets', () => {
  test('writers that commit late or roll back leave no hole, and a reader misses nothing', async () => {
    const committed: string[] = [];
    const reader = await startReading('tail', 7);
    const append = (tx: Tx, values: readonly string[]) =>
      appendRecords(
        tx,
        [0, 1].map((partition) => {
          const records = values.filter((_, i) => i % 2 === partition).map((value) => record(value));
          return { topic, partition, records };
        }),
      );
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; round < 40; round++) {
        const values = [0, 1, 2].map((n) => `${writer}/${round}/${n}`);
        const rollBack = (writer + round) % 5 === 0;
        try {
          await sql.begin(async (tx) => {
            await append(tx, values);
            // While this transaction is open a reader that remembers "the last id seen" would pass it by.
            await sleep((writer * round) % 4);
            if (rollBack) throw new Error('rolled back');
          });
          committed.push(...values);
        } catch (error) {
          if (!rollBack) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    await until('the reader has seen as many as were committed', () => reader.values.length >= committed.length);
    await reader.stop();
    expect([...reader.values].sort()).toEqual([...committed].sort());
    const rows = await sql<{ partition: number; n: number; first: number; last: number }[]>`
      select partition, count(*) as n, min(record_offset) as first, max(record_offset) as last
      from log_record where topic = ${topic} group by partition order by partition`;
    for (const { n, first, last } of rows) expect([first, last]).toEqual([0, n - 1]);
    expect(await bounds()).toEqual(rows.map(({ n }) => [0, n]));
  });

  test('a topic has as many partitions as it was made with, for ever', async () => {
    await expect(opened.bus.ensureTopics([{ name: topic, partitions: 3 }])).rejects.toThrow(
      `topic ${topic} has 2 partitions, 3 are configured`,
    );
    await expect(opened.bus.publish([{ ...record('x'), topic: 'nowhere' }])).rejects.toMatchObject({
      code: 'bus.unknown_topic',
    });
  });
});

describe('retention', () => {
  const DAY_MS = 86_400_000;
  const whole = { maxAgeMs: DAY_MS, maxPartitionBytes: 1_000_000_000 };
  const age = (count: number) => sql`update log_record set appended_at = now() - interval '2 days'
    where topic = ${topic} and record_offset < ${count}`;
  const publish = (count: number, bytes = 10) =>
    opened.bus.publish(Array.from({ length: count }, (_, i) => record(`${i}${'x'.repeat(bytes)}`)));
  const read = async (group: string, count: number): Promise<void> => {
    const reader = await startReading(group);
    await until('all is read', () => reader.values.length >= count);
    await reader.stop();
  };
  /** All records have one key: the other partition is empty. */
  const filled = async () => (await bounds()).find(([, high]) => high !== 0);

  test('what is old and handled by every group goes, what is young stays', async () => {
    await publish(100);
    await read('a', 100);
    await age(60);
    expect(await removeOldRecords(sql, whole)).toBe(60);
    expect(await filled()).toEqual([60, 100]);
    expect(await removeOldRecords(sql, whole)).toBe(0);
  });

  test('what some group has not handled yet is never removed, however old and large', async () => {
    await publish(100);
    await read('a', 100);
    await sql`insert into log_cursor (grp, topic, partition, committed)
      select 'slow', topic, partition, 30 from log_partition where topic = ${topic}`;
    await age(100);
    expect(await removeOldRecords(sql, { maxAgeMs: 0, maxPartitionBytes: 1 })).toBe(30);
    expect(await filled()).toEqual([30, 100]);
    await read('slow', 70);
    expect(await removeOldRecords(sql, whole)).toBe(70);
    expect(await filled()).toEqual([100, 100]);
  });

  test('a partition beyond its size loses its oldest handled records early', async () => {
    await publish(100, 1_000);
    await read('a', 100);
    expect(await removeOldRecords(sql, { ...whole, maxPartitionBytes: 25_500 })).toBe(75);
    expect(await filled()).toEqual([75, 100]);
  });

  test('a group that comes when everything was removed goes on with what is new, and has no lag', async () => {
    await publish(50);
    await read('a', 50);
    await age(50);
    await removeOldRecords(sql, whole);
    const late = await startReading('late');
    await publish(3);
    await until('the new ones are read', () => late.values.length >= 3);
    await late.stop();
    expect(late.values).toHaveLength(3);
    const lags = await opened.bus.lag('late', [topic]);
    expect(lags.map(({ lag }) => lag)).toEqual([0, 0]);
  });

  test('a group whose place in the log was removed goes on behind it', async () => {
    await publish(50);
    const late = await startReading('late');
    await until('all is read', () => late.values.length >= 50);
    await late.stop();
    // As after an operator's hand in the tables.
    await sql`update log_cursor set committed = 10 where grp = 'late' and topic = ${topic}`;
    await sql`delete from log_record where topic = ${topic}`;
    await sql`update log_partition set first_offset = next_offset where topic = ${topic}`;
    const again = await startReading('late');
    await until('nothing is left', async () => (await opened.bus.lag('late', [topic])).every(({ lag }) => lag === 0));
    await again.stop();
    expect(again.values).toEqual([]);
  });
});

test('a group whose cursor lies beyond the end reads a re-created log from its beginning', async () => {
  await sql`insert into log_cursor (grp, topic, partition, committed)
    select 'g', topic, partition, 1000 from log_partition where topic = ${topic}`;
  await opened.bus.publish([record('a'), record('b')]);
  const reader = await startReading('g');
  await until('both are read', () => reader.values.length >= 2);
  await reader.stop();
  expect(reader.values).toEqual(['a', 'b']);
});

test('a batch ends early where its records are large', async () => {
  const sizes: number[] = [];
  await opened.bus.publish(Array.from({ length: 8 }, (_, i) => record(String(i).repeat(975_000))));
  const options = { group: 'g', topics: [topic], maxBatch: 100, concurrency: 1, onFatal: () => undefined };
  const reader = await opened.bus.subscribe(options, async ({ records }) => {
    sizes.push(records.length);
    return { kind: 'done' };
  });
  await until('all are read', () => sizes.reduce((sum, size) => sum + size, 0) >= 8);
  await reader.stop(5_000);
  expect(sizes).toEqual([4, 4]);
});

test('what another process appends is noticed by polling, also after a long rest', async () => {
  const other = await openTestBus({ kind: 'postgres-log', url: shop.url, leaseMs: 1_500 }, log);
  await other.bus.ensureTopics([{ name: topic, partitions: 2 }]);
  const reader = await startReading('g');
  for (const value of ['one', 'two', 'three']) {
    await sleep(150);
    await other.bus.publish([record(value)]);
    await until(`${value} is read`, () => reader.values.includes(value), { limitMs: 5_000 });
  }
  await reader.stop();
  await other.close();
});
