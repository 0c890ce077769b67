import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byPartition } from './append-records.ts';
import { partitionOf } from './partition-of.ts';

const PARTITIONS: Record<string, number> = { a: 3, b: 8 };
const partitionsOf = (topic: string): number => PARTITIONS[topic] as number;
const records = fc.array(
  fc
    .record({ topic: fc.constantFrom('b', 'a'), key: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'مشتری') })
    .map(({ topic, key }) => ({ topic, key, headers: {}, value: '' })),
);

test('every record is in the partition of its key, in the order in which it came', () => {
  fc.assert(
    fc.property(records, (given) => {
      const found = byPartition(given, partitionsOf);
      for (const { topic, partition, records } of found)
        expect(records).toEqual(
          given.filter((each) => each.topic === topic && partitionOf(each.key, partitionsOf(topic)) === partition),
        );
      expect(found.flatMap((each) => each.records)).toHaveLength(given.length);
    }),
  );
});

test('partitions come once each, in one order for every caller', () => {
  fc.assert(
    fc.property(records, (given) => {
      const places = byPartition(given, partitionsOf).map(({ topic, partition }) => `${topic}/${partition}`);
      expect(places).toEqual([...new Set(places)].sort());
    }),
  );
});
