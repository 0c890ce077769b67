import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reminders } from '../src/index.ts';
import {
  asked,
  at,
  bought,
  COFFEE,
  change,
  counts,
  define,
  NOW,
  partlyRefunded,
  publish,
  refunded,
  requests,
  timers,
} from './given.ts';

const DUE = '2026-12-21T08:00:00Z';
let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [reminders], now: NOW });
});
afterEach(() => h.stop());

describe('a replenishment reminder', () => {
  it('comes so many days after the purchase, once, also over a restart', async () => {
    await define(h, { ...COFFEE, messages: [...COFFEE.messages, { channel: 'email', templateId: 'coffee-mail' }] });
    await publish(h, [
      bought('c1', 'A-1', { categories: ['tea', 'coffee', undefined] }),
      bought('c2', 'B-1', { categories: ['tea'] }),
    ]);
    await at(h, '2026-12-21T07:59:59Z');
    expect(await requests(h)).toEqual([]);
    await h.restart('reminders');
    await at(h, DUE);
    await at(h, '2026-12-22T00:00:00Z');
    const found = await requests(h);
    expect(found.map(({ subject, data }) => [subject, data.channel, data.templateId])).toEqual([
      ['c1', 'sms', 'coffee-again'],
      ['c1', 'email', 'coffee-mail'],
    ]);
    const [{ id }] = (await h.sql('reminders')`select id from timer`) as unknown as [{ id: string }];
    expect(found[0]).toMatchObject({
      source: '/vafa/reminders',
      time: DUE,
      data: {
        requestId: `reminder:${id}:sms`,
        purpose: 'promotional',
        params: {
          customerId: 'c1',
          category: 'coffee',
          orderId: 'A-1',
          purchasedAt: NOW,
          sku: 'sku-1',
          productName: 'Arabica 250 g',
        },
        expiresAt: '2026-12-22T08:00:00Z',
        cause: { kind: 'reminder', id: 'coffee', triggerId: 'A-1' },
      },
    });
    expect(await counts(h, 'coffee')).toEqual({ created: 1, waiting: 0, fired: 1, cancelled: {}, expired: {} });
  });

  it('is put off by a newer purchase of the category', async () => {
    await define(h, COFFEE);
    await publish(h, [bought('c1', 'A-1')]);
    h.clock.set('2026-12-01T08:00:00Z');
    await publish(h, [
      bought('c1', 'A-2', { time: '2026-12-01T08:00:00Z' }),
      bought('c1', 'T-1', { time: '2026-12-01T08:00:00Z', categories: ['tea'] }),
    ]);
    await at(h, DUE);
    expect(await asked(h)).toEqual([]);
    await at(h, '2026-12-31T08:00:00Z');
    expect(await asked(h)).toEqual(['c1 A-2']);
    expect(await timers(h, 'c1')).toEqual(['A-1 cancelled bought_again', 'A-2 fired']);
    expect(await counts(h, 'coffee')).toEqual({
      created: 2,
      waiting: 0,
      fired: 1,
      cancelled: { bought_again: 1 },
      expired: {},
    });
  });

  it('goes by the newest purchase by time, in whatever order and however often they are told', async () => {
    await define(h, COFFEE);
    const [one, two, three] = [
      bought('c1', 'A-1', { time: '2026-11-19T08:00:00Z' }),
      bought('c1', 'A-2', { time: '2026-11-21T08:00:00Z' }),
      bought('c1', 'A-3', { time: '2026-11-20T08:00:00Z' }),
    ];
    await publish(h, [two, one]);
    await publish(h, [three, two]);
    await publish(h, [one, three, one]);
    expect(await timers(h, 'c1')).toEqual(['A-2 scheduled']);
    await at(h, DUE);
    await publish(h, [two, three, one]);
    expect(await asked(h)).toEqual(['c1 A-2']);
  });

  it('is taken back by a refund of the whole order, told before or after the purchase or with it', async () => {
    await define(h, COFFEE);
    await publish(h, [bought('c1', 'A-1'), bought('c4', 'D-1')]);
    await publish(h, [refunded('c1', 'A-1'), refunded('c2', 'B-1'), partlyRefunded('c4', 'D-1')]);
    await publish(h, [bought('c2', 'B-1'), refunded('c3', 'C-1'), bought('c3', 'C-1')]);
    expect(await timers(h, 'c1')).toEqual(['A-1 cancelled refunded']);
    expect(await timers(h, 'c2')).toEqual([]);
    expect(await timers(h, 'c3')).toEqual([]);
    await at(h, DUE);
    expect(await asked(h)).toEqual(['c4 D-1']);
  });

  it('is not set for a past that is over, which is only counted', async () => {
    await define(h, { ...COFFEE, timeToLive: 'P1D' });
    const old = Array.from({ length: 300 }, (_, i) => bought(`c${i}`, `old-${i}`, { time: '2011-12-09T12:50:00Z' }));
    // Due an hour before the end of the time to live, and an hour after it.
    await publish(h, [
      ...old,
      bought('late', 'L-1', { time: '2026-10-21T09:00:00Z' }),
      bought('later', 'L-2', { time: '2026-10-21T07:00:00Z' }),
    ]);
    expect(await asked(h)).toEqual(['late L-1']);
    expect(await counts(h, 'coffee')).toEqual({
      created: 1,
      waiting: 0,
      fired: 1,
      cancelled: {},
      expired: { past: 301 },
    });
    expect(await h.sql('reminders')`select occurrence from timer`).toEqual([{ occurrence: 'L-1' }]);
  });

  it('is not sent after a downtime longer than the time to live, and the row says so', async () => {
    await define(h, COFFEE);
    await publish(h, [bought('c1', 'A-1'), bought('c2', 'B-1', { time: '2026-11-21T07:59:59Z' })]);
    await at(h, '2026-12-22T08:00:00Z');
    expect(await asked(h)).toEqual(['c1 A-1']);
    expect(await timers(h, 'c2')).toEqual(['B-1 expired overdue']);
    expect(await counts(h, 'coffee')).toMatchObject({ waiting: 0, fired: 1, expired: { overdue: 1 } });
  });

  it('waits while paused, goes on when resumed in time, and is cancelled when stopped', async () => {
    await define(h, COFFEE);
    await publish(h, [bought('c1', 'A-1')]);
    await change(h, 'coffee', 'pause');
    await publish(h, [bought('c2', 'B-1')]);
    await at(h, '2026-12-21T12:00:00Z');
    expect(await asked(h)).toEqual([]);
    await change(h, 'coffee', 'resume');
    await h.settle();
    expect(await asked(h)).toEqual(['c1 A-1', 'c2 B-1']);
    await publish(h, [bought('c3', 'C-1', { time: '2026-12-21T12:00:00Z' })]);
    await change(h, 'coffee', 'stop');
    await publish(h, [bought('c4', 'D-1', { time: '2026-12-21T12:00:00Z' })]);
    await at(h, '2027-02-01T00:00:00Z');
    expect(await asked(h)).toEqual(['c1 A-1', 'c2 B-1']);
    expect(await timers(h, 'c3')).toEqual(['C-1 cancelled definition_stopped']);
    expect(await timers(h, 'c4')).toEqual([]);
  });

  it('works for several definitions of one category, each by itself', async () => {
    await define(h, COFFEE);
    await define(h, { ...COFFEE, id: 'coffee-soon', afterDays: 3 });
    await publish(h, [bought('c1', 'A-1')]);
    await at(h, '2026-11-24T08:00:00Z');
    await at(h, DUE);
    expect((await requests(h)).map(({ data }) => data.cause.id)).toEqual(['coffee-soon', 'coffee']);
  });

  it('asks for what the definition says when it fires', async () => {
    await define(h, COFFEE);
    await publish(h, [bought('c1', 'A-1')]);
    const { id: _id, ...content } = COFFEE;
    const answer = await h.http('reminders').inject({
      method: 'PUT',
      url: '/v1/reminder-definitions/coffee',
      payload: { ...content, messages: [{ channel: 'email', templateId: 'new' }] },
    });
    expect(answer.statusCode).toBe(200);
    await at(h, DUE);
    expect((await requests(h)).map(({ data }) => [data.channel, data.templateId])).toEqual([['email', 'new']]);
  });
});
