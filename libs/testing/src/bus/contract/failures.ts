import { setTimeout as sleep } from 'node:timers/promises';
import { type EventHandler, listDeadLetters } from '@vafa/bus';
import { deadTopic } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { expect } from 'vitest';
import { bookOrders, damaged, type Purchase, purchase, purchases, recordEffects, TOPIC } from '../shop-events.ts';
import { PARTITIONS, type Stage, type StagedTest } from '../stage.ts';
import { until } from '../until.ts';
import { expectOnceInOrder } from './order.ts';

/** Connections of this name are cut. */
const POOL = 'vafa-test-to-be-cut';

/** Code and key of every dead letter, sorted. */
const letters = async (stage: Stage): Promise<string[]> => {
  const rows = await listDeadLetters(stage.sql, { limit: 1_000 });
  return rows
    .filter(({ grp }) => grp === stage.group)
    .map(({ errorCode, key, status }) => `${status} ${errorCode} ${key}`)
    .sort();
};

/** A handler that throws when it meets the customer `bad`. */
const throwing =
  (error: () => unknown) =>
  async (...[tx, events, context]: Parameters<typeof recordEffects>) => {
    await recordEffects(tx, events, context);
    if (events.some(({ subject }) => subject === 'bad')) throw error();
    return undefined;
  };

export const failureContract = (staged: StagedTest): void => {
  staged(
    'records that are no events of ours are parked with their reason, mirrored untouched, and stop nobody',
    async (stage) => {
      const good = purchases(60, 6);
      const bad = [
        damaged('b1', 0, { value: '{"customerId":' }),
        damaged('b2', 0, { value: Buffer.from([0xff, 0x00, 0x01]) }),
        damaged('b3', 0, { value: JSON.stringify({ customerId: 'b3', totalMinor: -5 }) }),
        damaged('b4', 0, { header: ['ce_dataschema', 'urn:vafa:schema:purchase.completed:99'] }),
        damaged('b5', 0, { header: ['ce_id', 'nul\u0000'] }),
        damaged('b6', 0, { header: ['ce_time', '2030-01-01T00:00:00Z'] }),
        damaged('b7', 0, { header: ['ce_type', 'purchase.dreamt'] }),
        damaged('b8', 0, { key: 'c1' }),
        damaged('b9', 0, { value: null }),
      ];
      const relay = stage.startRelay();
      await stage.publish(good.slice(0, 30));
      await stage.publishRecords(bad);
      await stage.publish(good.slice(30));
      await stage.start(recordEffects, { afterCommit: () => relay.wake() });
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), good);
      expect(await letters(stage)).toEqual([
        'parked contracts.invalid_data b3',
        'parked contracts.invalid_header b5',
        'parked contracts.invalid_time b6',
        'parked contracts.key_mismatch c1',
        'parked contracts.malformed_json b1',
        'parked contracts.malformed_json b2',
        'parked contracts.malformed_json b9',
        'parked contracts.unknown_type b7',
        'parked contracts.unknown_version b4',
      ]);
      await until('the outbox is empty', async () => (await stage.sql`select 1 from outbox`).length === 0);
      const dead = await stage.readAll(deadTopic(TOPIC.name));
      const asHex = (records: readonly { value: string | Buffer | null }[]) =>
        records.map(({ value }) => (value === null ? 'null' : Buffer.from(value).toString('hex'))).sort();
      expect(asHex(dead)).toEqual(asHex(bad));
      expect(dead.find(({ key }) => key === 'b4')?.headers).toMatchObject({
        ce_dataschema: 'urn:vafa:schema:purchase.completed:99',
        vafa_error_code: 'contracts.unknown_version',
        vafa_group: stage.group,
        vafa_attempts: '1',
      });
    },
  );

  const ways: [string, EventHandler<Purchase>][] = [
    ['', async (tx, events, context) => void (await bookOrders(tx, events, context))],
    [
      ' along with COMMIT',
      async (tx, events, context) => context.alongWithCommit(bookOrders(tx, events, context) as Promise<unknown>),
    ],
  ];
  for (const [along, book] of ways)
    staged(
      `data that the database refuses${along} is halved out of its batch: only the culprits are parked`,
      async (stage) => {
        let calls = 0;
        const culprits = [purchase('bad1', 1, 13), purchase('bad2', 1, 999_999_999_999_999)];
        const good = purchases(200, 20);
        await stage.publish([
          ...good.slice(0, 90),
          culprits[0] as Purchase,
          ...good.slice(90, 150),
          culprits[1] as Purchase,
          ...good.slice(150),
        ]);
        await stage.start(async (tx, events, context) => {
          calls += 1;
          await recordEffects(tx, events, context);
          await book(tx, events, context);
        });
        await stage.untilHandled();
        expectOnceInOrder(await stage.effects(), good);
        expect(await letters(stage)).toEqual(['parked database.22003 bad2', 'parked database.23514 bad1']);
        expect(calls).toBeLessThan(60);
      },
    );

  staged('partitions that wait share a transaction; what fails among them takes no other along', async (stage) => {
    const good = purchases(40, 40);
    const bad = Array.from({ length: 8 }, (_, i) => purchase(`bad${i}`, 0));
    await stage.publish([...good, ...bad]);
    const calls: string[][] = [];
    const inHand = () => new Set(stage.handedOver.map(({ partition }) => partition)).size;
    await stage.start(
      async (tx, events, context) => {
        calls.push(events.map(({ data }) => data.customerId));
        if (calls.length === 1) await until('every partition is in hand', () => inHand() === PARTITIONS);
        await recordEffects(tx, events, context);
        if (events.some(({ subject }) => subject.startsWith('bad'))) throw new TypeError('a bug');
      },
      { concurrency: 1 },
    );
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), good);
    expect(await letters(stage)).toEqual(bad.map(({ subject }) => `parked internal ${subject}`));
    const partitionOf = (key: string) => stage.handedOver.find((record) => record.key === key)?.partition;
    // All of them, or all but the one that came first.
    expect(Math.max(...calls.map((keys) => new Set(keys.map(partitionOf)).size))).toBeGreaterThanOrEqual(
      PARTITIONS - 1,
    );
  });

  const bugs: [string, () => unknown][] = [
    ['TypeError', () => new TypeError('x is not a function')],
    ['SyntaxError', () => new SyntaxError('Unexpected end of JSON input')],
    ['RangeError', () => new RangeError('Invalid time value')],
    ['ReferenceError', () => new ReferenceError('x is not defined')],
    ['bare text', () => 'boom'],
  ];
  for (const [name, error] of bugs)
    staged(`a ${name} in a handler neither reaches the client nor ends the member`, async (stage) => {
      const first = purchases(20, 5);
      await stage.publish([...first.slice(0, 10), purchase('bad', 0), ...first.slice(10)]);
      await stage.start(throwing(error));
      await stage.untilHandled();
      expect(await letters(stage)).toEqual(['parked internal bad']);
      const second = purchases(20, 5, 20);
      await stage.publish(second);
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), [...first, ...second]);
      expect(stage.fatal).toEqual([]);
    });

  staged('a refusal is parked at once with its reason; the rest of the batch takes effect', async (stage) => {
    const good = purchases(20, 5);
    await stage.publish([...good.slice(0, 10), purchase('bad', 0), ...good.slice(10)]);
    let calls = 0;
    await stage.start(async (tx, events, context) => {
      calls += 1;
      const [bad, fine] = [
        events.filter(({ subject }) => subject === 'bad'),
        events.filter(({ subject }) => subject !== 'bad'),
      ];
      await recordEffects(tx, fine, context);
      return {
        refused: bad.map((event) => ({ event, error: new AppError('rejected', 'shop.no_such_till', 'no such till') })),
      };
    });
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), good);
    expect(await letters(stage)).toEqual(['parked shop.no_such_till bad']);
    expect(calls).toBeLessThanOrEqual(8);
  });

  staged(
    'what the database can not do for now is tried until it can: nothing is skipped, nothing parked',
    async (stage) => {
      const events = purchases(40, 4);
      let failures = 6;
      await stage.publish(events);
      await stage.start(async (tx, batch, context) => {
        await recordEffects(tx, batch, context);
        failures -= 1;
        if (failures === 4) await tx`select * from a_table_that_is_not_migrated_yet`;
        if (failures === 3) throw Object.assign(new Error('could not serialize'), { code: '40001' });
        if (failures === 2) await tx`select pg_terminate_backend(pg_backend_pid())`;
        if (failures > 0) throw Object.assign(new Error('connection'), { code: 'CONNECTION_CLOSED' });
      });
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), events);
      expect(await letters(stage)).toEqual([]);
    },
  );

  staged('a batch that is too slow for the database passes in smaller pieces', async (stage) => {
    const events = purchases(64, 1);
    await stage.publish(events);
    await stage.start(async (tx, batch, context) => {
      await recordEffects(tx, batch, context);
      await tx`set local statement_timeout = 200`;
      await tx`select pg_sleep(${batch.length * 0.01})`;
    });
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), events);
    expect(await letters(stage)).toEqual([]);
  });

  staged(
    'connections to the database that are cut again and again cost time, but neither loss nor a second effect',
    async (stage) => {
      const events = purchases(1_500, 40);
      const cut = async (): Promise<void> => {
        for (let cuts = 0; cuts < 40; cuts++) {
          await sleep(50);
          await stage.sql`select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = ${POOL} and datname = current_database() order by random() limit 2`;
        }
      };
      let calls = 0;
      await stage.start(
        async (tx, batch, context) => {
          calls += 1;
          await Promise.all([recordEffects(tx, batch.slice(1), context), tx`select pg_sleep(0.005)`]);
          await sleep(2);
          const last = recordEffects(tx, batch.slice(0, 1), context) as Promise<unknown>;
          if (calls % 2 === 0) context.alongWithCommit(last);
          else await last;
        },
        { sql: stage.openPool(POOL), maxBatch: 25, concurrency: 4 },
      );
      const cuts = cut();
      await stage.publish(events);
      await cuts;
      await stage.untilHandled();
      const effects = await stage.effects();
      expect([...effects].sort()).toEqual(events.map(({ data }) => data.orderId).sort());
    },
  );
};
