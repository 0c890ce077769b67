import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BatchingPublisherOptions, bytesOf, createBatchingPublisher } from './batching-publisher.ts';
import type { OutRecord } from './port.ts';

const record = (key: string, value: string | Buffer | null = '{}'): OutRecord => ({
  topic: 't',
  key,
  headers: {},
  value,
});
const keys = (records: readonly OutRecord[]): string[] => records.map(({ key }) => key);
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => record(String(from + i)));

const createRecorder = (limits: Partial<BatchingPublisherOptions> = {}) => {
  const sent: string[][] = [];
  let failing: unknown;
  let inFlight = 0;
  const publisher = createBatchingPublisher({
    maxRecords: 10,
    maxBytes: 1_000,
    maxRecordBytes: 500,
    maxQueued: 100,
    send: async (records) => {
      inFlight += 1;
      expect(inFlight).toBe(1);
      await turn();
      inFlight -= 1;
      if (failing !== undefined) throw failing;
      sent.push(keys(records));
    },
    ...limits,
  });
  return { ...publisher, sent, fail: (error: unknown) => (failing = error) };
};

test('what comes while a send is on its way goes together in the next one, in order', async () => {
  const { publish, sent } = createRecorder();
  const first = publish([record('a')]);
  await turn();
  await Promise.all([first, publish([record('b')]), publish([record('c'), record('d')])]);
  expect(sent).toEqual([['a'], ['b', 'c', 'd']]);
});

test('nothing to publish is done at once', async () => {
  const { publish, sent } = createRecorder();
  await publish([]);
  expect(sent).toEqual([]);
});

test('a send has no more records than allowed, also when one call brings more', async () => {
  const { publish, sent } = createRecorder();
  await Promise.all([publish(numbered(25)), publish(numbered(4, 25)), publish(numbered(7, 29))]);
  expect(sent.map(({ length }) => length)).toEqual([10, 10, 5, 4, 7]);
  expect(sent.flat()).toEqual(keys(numbered(36)));
});

test('a send has no more bytes than allowed: brokers refuse large batches for good', async () => {
  const { publish, sent } = createRecorder();
  await publish([
    record('a', 'x'.repeat(400)),
    record('b', 'س'.repeat(200)),
    record('c', 'x'.repeat(400)),
    record('d'),
  ]);
  expect(sent).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});

describe('a record that can never be sent', () => {
  test('is refused, and fails nobody else', async () => {
    const { publish, sent } = createRecorder();
    const good = publish([record('a')]);
    const [large, odd] = await Promise.allSettled([
      publish([record('b', 'x'.repeat(500))]),
      publish([record('c\u0000')]),
    ]);
    await good;
    expect(large).toMatchObject({ status: 'rejected', reason: { kind: 'invalid', code: 'bus.record_too_large' } });
    expect(odd).toMatchObject({ status: 'rejected', reason: { kind: 'invalid', code: 'bus.invalid_key' } });
    expect(sent).toEqual([['a']]);
  });

  test('is measured with its headers, in bytes', () => {
    expect(bytesOf({ topic: 't', key: 'ک', headers: { ce_id: 'é' }, value: Buffer.alloc(3) })).toBe(2 + 5 + 2 + 3);
    expect(bytesOf(record('k', null))).toBe(1);
  });
});

test('a failed send fails the calls in it, and later ones are tried anew', async () => {
  const { publish, sent, fail } = createRecorder();
  fail(new Error('down'));
  const results = await Promise.allSettled([publish([record('a')]), publish([record('b')]), publish([record('c')])]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  fail(undefined);
  await publish([record('d')]);
  expect(sent).toEqual([['d']]);
});

test('after a failure nothing of the same call is sent any more, so that a retry keeps the order', async () => {
  const sent: string[][] = [];
  const { publish } = createBatchingPublisher({
    maxRecords: 2,
    maxBytes: 1_000,
    maxRecordBytes: 500,
    maxQueued: 100,
    send: async (records) => {
      if (sent.length === 1) throw new Error('down');
      sent.push(keys(records));
    },
  });
  await expect(publish(numbered(6))).rejects.toThrow('down');
  expect(sent).toEqual([['0', '1']]);
});

test('callers are told to slow down before memory fills', async () => {
  const { publish } = createRecorder({ maxQueued: 5 });
  const first = [publish(numbered(1)), publish(numbered(4, 1))];
  await expect(publish(numbered(2, 5))).rejects.toMatchObject({ kind: 'unavailable', code: 'bus.overloaded' });
  await Promise.all(first);
  await publish(numbered(50, 7));
});

test('closing waits for what was taken and refuses the rest', async () => {
  const { publish, close, sent } = createRecorder();
  const last = publish([record('a')]);
  await close();
  expect(sent).toEqual([['a']]);
  await last;
  await expect(publish([record('b')])).rejects.toMatchObject({ code: 'bus.closing' });
});

test('whatever calls come when, each record is sent once and in the order of the calls', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.boolean()), { maxLength: 20, size: 'max' }),
      async (calls) => {
        const { publish, sent } = createRecorder({ maxQueued: 10_000 });
        const done: Promise<void>[] = [];
        let next = 0;
        for (const [size, pause] of calls) {
          done.push(publish(numbered(size, next)));
          next += size;
          if (pause) await turn();
        }
        await Promise.all(done);
        expect(sent.flat()).toEqual(keys(numbered(next)));
        expect(Math.max(0, ...sent.map(({ length }) => length))).toBeLessThanOrEqual(10);
      },
    ),
  );
});
