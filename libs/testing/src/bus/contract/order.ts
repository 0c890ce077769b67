import { type InRecord, on } from '@vafa/bus';
import { PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import { expect } from 'vitest';
import { bookOrders, purchase, purchases, recordEffects, TOPIC } from '../shop-events.ts';
import type { StagedTest } from '../stage.ts';

/** Order ids of each customer, in the order given. */
export const byCustomer = (orderIds: readonly string[]): Record<string, string[]> => {
  const found: Record<string, string[]> = {};
  for (const id of orderIds) {
    const customer = id.slice(0, id.lastIndexOf('-'));
    found[customer] = [...(found[customer] ?? []), id];
  }
  return found;
};

export const orderIds = (events: readonly { data: { orderId: string } }[]): string[] =>
  events.map(({ data }) => data.orderId);

/** Fails unless each of the events took effect once, each customer's in order. */
export const expectOnceInOrder = (
  effects: readonly string[],
  events: readonly { data: { orderId: string } }[],
): void => {
  expect(byCustomer(effects)).toEqual(byCustomer(orderIds(events)));
};

export const orderContract = (staged: StagedTest): void => {
  staged("one customer's events take effect in the order in which they were published", async (stage) => {
    const events = purchases(2_000, 7);
    await stage.start(recordEffects, { maxBatch: 33 });
    const published: Promise<void>[] = [];
    // Not awaited one by one: calls keep their order also when they travel together.
    for (let at = 0; at < events.length; at += 13) published.push(stage.publish(events.slice(at, at + 13)));
    await Promise.all(published);
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), events);
  });

  staged('10,000 customers: nothing is lost, nothing comes twice, and every partition has a share', async (stage) => {
    const events = purchases(10_000, 10_000);
    await stage.publish(events);
    await stage.start();
    await stage.untilHandled();
    const effects = await stage.effects();
    expect(effects).toHaveLength(10_000);
    expect(new Set(effects).size).toBe(10_000);
    const ends = await stage.bus.bounds(TOPIC.name);
    for (const { high } of ends) expect(Number(high)).toBeGreaterThan(1_000);
  });

  staged('a group that comes later reads everything from the beginning', async (stage) => {
    const events = purchases(50, 5);
    await stage.publish(events);
    await stage.start();
    await stage.untilHandled();
    const later = `${stage.group}-later`;
    await stage.start(recordEffects, { group: later });
    await expect
      .poll(async () => (await stage.sql`select 1 from effect where grp = ${later}`).length, { timeout: 20_000 })
      .toBe(50);
  });

  staged('what a producer sends twice is booked once, also within one batch', async (stage) => {
    const events = purchases(100, 10);
    await stage.publish([...events, ...events]);
    await stage.publish(events);
    await stage.start(async (tx, batch, context) => {
      await recordEffects(tx, batch, context);
      await bookOrders(tx, batch, context);
    });
    await stage.untilHandled();
    expect(await stage.effects()).toHaveLength(300);
    expect(await stage.sql`select 1 from booking where grp = ${stage.group}`).toHaveLength(100);
  });

  staged('records come as they were published: key, headers, text, bytes and nothing', async (stage) => {
    const headers = { ce_id: 'é\u0000ü', empty: '' };
    const values = ['سلام', '', Buffer.from([0x00, 0xff, 0xfe]), Buffer.from('text'), null];
    await stage.publishRecords(values.map((value) => ({ topic: TOPIC.name, key: 'کلید', headers, value })));
    const records = await stage.readAll(TOPIC.name);
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
    expect(records.map(({ offset }) => offset)).toEqual([0n, 1n, 2n, 3n, 4n]);
    for (const record of records) expect(record).toMatchObject({ topic: TOPIC.name, key: 'کلید', headers });
    expect(records.map(({ value }) => (value === null ? null : Buffer.from(value).toString('hex')))).toEqual(
      values.map((value) => (value === null ? null : Buffer.from(value).toString('hex'))),
    );
  });

  staged('large records pass, one that is too large is refused at once', async (stage) => {
    const lines = (bytes: number) => ({
      ...purchase('c1', bytes),
      data: { ...purchase('c1', bytes).data, note: 'x'.repeat(bytes) },
    });
    const events = [lines(10), lines(1_500_000), lines(3_900_000), lines(20)];
    await stage.publish(events);
    await expect(stage.publish([lines(4_000_000)])).rejects.toMatchObject({ code: 'bus.record_too_large' });
    await stage.start();
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), events);
  });

  staged('an event type that nobody handles, or two do, keeps the service from starting', async (stage) => {
    const missing = on(TOPIC, { handles: [PurchaseCompleted] }, recordEffects);
    const doubled = on(
      TOPIC,
      { handles: [PurchaseCompleted, PurchaseRefunded], ignores: [PurchaseRefunded] },
      async () => ({}),
    );
    await expect(stage.start(recordEffects, { subscriptions: [missing] })).rejects.toThrow(
      /purchase.refunded on vafa.purchases is neither handled nor ignored/,
    );
    await expect(stage.start(recordEffects, { subscriptions: [doubled] })).rejects.toThrow(
      /purchase.refunded on vafa.purchases is named 2 times/,
    );
  });

  staged('topics are made once, however many processes want them at the same moment', async (stage) => {
    const wanted = ['d', 'b', 'c', 'a'].map((name) => ({ name: `race.${name}`, partitions: 3 }));
    await Promise.all(
      Array.from({ length: 6 }, (_, i) => stage.bus.ensureTopics(i % 2 === 0 ? wanted : [...wanted].reverse())),
    );
    for (const { name } of wanted) expect(await stage.bus.bounds(name)).toHaveLength(4);
    await stage.publishRecords(wanted.map(({ name }) => ({ topic: name, key: 'k', headers: {}, value: name })));
    for (const { name } of wanted)
      expect((await stage.readAll(name)).map(({ value }) => String(value))).toEqual([name]);
  });

  staged(
    'the offset is committed after the handler, never before; what a handler throws at comes again',
    async (stage) => {
      const raw = `${stage.group}-raw`;
      const lagOf = async (): Promise<number> =>
        (await stage.bus.lag(raw, [TOPIC.name])).reduce((sum, { lag }) => sum + lag, 0);
      await stage.publish(purchases(20, 1));
      const handed: bigint[] = [];
      const lags: number[] = [];
      const options = { group: raw, topics: [TOPIC.name], maxBatch: 5, concurrency: 1, onFatal: () => undefined };
      const subscription = await stage.bus.subscribe(options, async ({ records }) => {
        handed.push((records[0] as InRecord).offset);
        lags.push(await lagOf());
        if (handed.length === 2 || handed.length === 3) throw new TypeError('a bug');
        return { kind: 'done' };
      });
      await expect.poll(lagOf, { timeout: 20_000 }).toBe(0);
      await subscription.stop(5_000);
      expect(handed).toEqual([0n, 5n, 5n, 5n, 10n, 15n]);
      expect(lags).toEqual([20, 15, 15, 15, 10, 5]);
    },
  );

  staged('lag counts what is not handled yet', async (stage) => {
    const lagOf = async (): Promise<number> =>
      (await stage.bus.lag(stage.group, [TOPIC.name])).reduce((sum, { lag }) => sum + lag, 0);
    expect(await lagOf()).toBe(0);
    await stage.publish(purchases(30, 10));
    expect(await lagOf()).toBe(30);
    await stage.start();
    await expect.poll(lagOf, { timeout: 20_000 }).toBe(0);
  });
};
