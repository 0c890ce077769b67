import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reminders } from '../src/index.ts';
import {
  asked,
  at,
  bought,
  COFFEE,
  call,
  counts,
  define,
  erased,
  expiringSoon,
  merged,
  NOW,
  publish,
  refunded,
  requests,
  timers,
  zone,
} from './given.ts';

const DUE = '2026-12-21T08:00:00Z';
let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [reminders], now: NOW });
});
afterEach(() => h.stop());

const dueOf = async (customerId: string): Promise<string> =>
  (await call(h, 200, 'GET', `/v1/customers/${customerId}/reminders`)).reminders[0].dueAt;

describe('time zones', () => {
  const MORNING = { ...COFFEE, timeOfDay: '10:00' };

  it('set the hour: the customer’s own, or Tehran’s', async () => {
    await define(h, MORNING);
    await publish(h, [zone('berlin', 'Europe/Berlin')]);
    await publish(h, [bought('berlin', 'A-1'), bought('unknown', 'B-1')]);
    expect(await dueOf('berlin')).toBe('2026-12-21T09:00:00Z');
    expect(await dueOf('unknown')).toBe('2026-12-21T06:30:00Z');
  });

  it('keep the wall-clock time over a clock change', async () => {
    await define(h, { ...MORNING, afterDays: 150 });
    await publish(h, [zone('berlin', 'Europe/Berlin')]);
    await publish(h, [bought('berlin', 'A-1')]);
    expect(await dueOf('berlin')).toBe('2027-04-20T08:00:00Z');
  });

  it('take an hour that the clocks skip as later, and the first of one that comes twice', async () => {
    await define(h, { ...COFFEE, timeOfDay: '02:30', afterDays: 127 });
    await define(h, { ...COFFEE, id: 'autumn', category: 'tea', timeOfDay: '02:30', afterDays: 344 });
    await publish(h, [zone('berlin', 'Europe/Berlin')]);
    await publish(h, [bought('berlin', 'A-1', { categories: ['coffee', 'tea'] })]);
    const { reminders: found } = await call(h, 200, 'GET', '/v1/customers/berlin/reminders');
    expect(found.map(({ dueAt }: { dueAt: string }) => dueAt)).toEqual([
      '2027-10-31T00:30:00Z',
      '2027-03-28T01:30:00Z',
    ]);
  });

  it('move timers that are set when the customer moves', async () => {
    await define(h, MORNING);
    await define(h, { ...COFFEE, id: 'no-hour', category: 'tea' });
    await publish(h, [bought('c1', 'A-1'), bought('c2', 'B-1', { categories: ['tea'] })]);
    await publish(h, [zone('c1', 'America/New_York'), zone('c2', 'America/New_York')]);
    expect(await dueOf('c1')).toBe('2026-12-21T15:00:00Z');
    expect(await dueOf('c2')).toBe(DUE);
    // What is not told any more is not known any more; what is told late does not count.
    await publish(h, [zone('c1', undefined, '2026-11-21T08:00:02Z')]);
    expect(await dueOf('c1')).toBe('2026-12-21T06:30:00Z');
    await publish(h, [zone('c1', 'Europe/Berlin', '2026-11-21T08:00:04Z')]);
    await publish(h, [zone('c1', 'Asia/Tokyo', '2026-11-21T08:00:03Z')]);
    expect(await dueOf('c1')).toBe('2026-12-21T09:00:00Z');
    await at(h, '2026-12-21T09:00:00Z');
    expect(await asked(h)).toEqual(['c1 A-1', 'c2 B-1']);
  });

  it('that nobody knows are refused', async () => {
    await h.send(zone('c1', 'Mars/Olympus'), zone('c2', 'Europe/Berlin'));
    expect((await h.deadLetters('reminders')).map(({ key, errorCode }) => [key, errorCode])).toEqual([
      ['c1', 'reminders.unknown_time_zone'],
    ]);
    expect(await h.sql('reminders')`select customer_id as who from customer_zone`).toEqual([{ who: 'c2' }]);
  });
});

describe('merged customers', () => {
  it('bring their timers along, and the newest purchase of both stands', async () => {
    await define(h, COFFEE);
    await define(h, { ...COFFEE, id: 'tea', category: 'tea' });
    await publish(h, [
      bought('old', 'A-1', { time: '2026-11-20T08:00:00Z' }),
      bought('old', 'T-1', { categories: ['tea'] }),
      bought('kept', 'B-1', { time: '2026-11-21T07:00:00Z' }),
    ]);
    await publish(h, [merged('old', 'kept'), merged('old', 'kept')]);
    expect(await timers(h, 'kept')).toEqual(['A-1 cancelled bought_again', 'B-1 scheduled', 'T-1 scheduled']);
    expect(await timers(h, 'old')).toEqual([]);
    // Bought under the old id: one customer all the same.
    await publish(h, [bought('old', 'A-2')]);
    expect(await timers(h, 'kept')).toEqual([
      'A-1 cancelled bought_again',
      'A-2 scheduled',
      'B-1 cancelled bought_again',
      'T-1 scheduled',
    ]);
    await at(h, DUE);
    expect(await asked(h)).toEqual(['kept A-2', 'kept T-1']);
    expect((await requests(h)).map(({ data }) => data.params.customerId)).toEqual(['kept', 'kept']);
    expect(await counts(h, 'coffee')).toMatchObject({ created: 3, fired: 1, waiting: 0 });
  });

  it('get their reminders at the hour of the one who lives on', async () => {
    await define(h, { ...COFFEE, timeOfDay: '10:00' });
    await publish(h, [zone('kept', 'Europe/Berlin')]);
    await publish(h, [bought('old', 'A-1')]);
    await publish(h, [merged('old', 'kept')]);
    expect(await dueOf('kept')).toBe('2026-12-21T09:00:00Z');
  });

  it('do not lose a refund that is told after the merge', async () => {
    await define(h, COFFEE);
    await publish(h, [bought('old', 'A-1')]);
    await publish(h, [merged('old', 'kept')]);
    await publish(h, [refunded('old', 'A-1')]);
    expect(await timers(h, 'kept')).toEqual(['A-1 cancelled refunded']);
  });

  it('are refused when a customer is merged into itself', async () => {
    await h.send(merged('c1', 'c1'));
    expect((await h.deadLetters('reminders')).map(({ errorCode }) => errorCode)).toEqual([
      'reminders.merged_into_itself',
    ]);
  });
});

describe('erased customers', () => {
  it('leave nothing that names them, in any table, and get nothing', async () => {
    await define(h, COFFEE);
    await publish(h, [
      zone('ali-1', 'Europe/Berlin'),
      bought('ali-0', 'A-0'),
      bought('ali-1', 'A-1'),
      refunded('ali-1', 'A-9'),
    ]);
    // One answer is kept from before the merge.
    const remind = (status: number, customerId: string) => {
      const wanted = { customerId, at: DUE, templateId: 't', channels: ['sms'], purpose: 'service' };
      return call(h, status, 'POST', '/v1/reminders', wanted, { 'idempotency-key': `for ${customerId.slice(-1)}` });
    };
    await remind(201, 'ali-0');
    await publish(h, [merged('ali-0', 'ali-1')]);
    await remind(201, 'ali-1');
    await publish(h, [erased('ali-1')]);
    for (const customerId of ['ali-0', 'ali-1'])
      expect(await remind(409, customerId)).toMatchObject({ code: 'http.answer_forgotten' });
    // Told late, happened before.
    await publish(h, [
      bought('ali-1', 'A-2'),
      bought('ali-0', 'A-3'),
      expiringSoon('ali-1', 'l1', DUE),
      zone('ali-1', 'Asia/Tokyo'),
    ]);
    const tables = await h.admin<{ name: string }[]>`select table_name as name from information_schema.tables
      where table_schema = 'reminders'`;
    expect(tables.length).toBeGreaterThan(8);
    for (const { name } of tables) {
      const rows =
        await h.admin`select t::text as row from ${h.admin(`reminders.${name}`)} t where t::text like '%ali-%'`;
      expect(rows, name).toEqual([]);
    }
    await at(h, DUE);
    expect(await asked(h)).toEqual([]);
    expect(await counts(h, 'coffee')).toMatchObject({
      created: 2,
      waiting: 0,
      cancelled: { bought_again: 1, erased: 1 },
    });
  });

  it('are customers like others when they come back', async () => {
    await define(h, COFFEE);
    await publish(h, [erased('c1')]);
    const later = '2026-11-21T08:00:01Z';
    await publish(h, [zone('c1', 'Europe/Berlin', later)]);
    await publish(h, [bought('c1', 'A-1', { time: later })]);
    expect(await timers(h, 'c1')).toEqual(['A-1 scheduled']);
  });
});
