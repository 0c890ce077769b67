import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reminders } from '../src/index.ts';
import {
  asked,
  at,
  bought,
  COFFEE,
  call,
  define,
  interaction,
  merged,
  NOW,
  publish,
  redeemed,
  refunded,
  requests,
  timers,
} from './given.ts';

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [reminders], now: NOW });
});
afterEach(() => h.stop());

const AT = '2026-11-22T10:00:00Z';
const LATER = '2026-11-21T08:05:00Z';
const REMINDER = {
  customerId: 'c1',
  at: AT,
  templateId: 'visit',
  channels: ['sms', 'email'],
  purpose: 'service',
  params: { shop: 'Vanak' },
};
const set = (changes: object = {}, status = 201) =>
  call(h, status, 'POST', '/v1/reminders', { ...REMINDER, ...changes });

describe('a single reminder', () => {
  it('fires at its instant, on each channel', async () => {
    const created = await set();
    expect(created).toMatchObject({
      customerId: 'c1',
      definitionId: null,
      dueAt: AT,
      status: 'scheduled',
      cancelOn: [],
    });
    await at(h, '2026-11-22T09:59:59Z');
    expect(await requests(h)).toEqual([]);
    await h.restart('reminders');
    await at(h, AT);
    const found = await requests(h);
    expect(found.map(({ data }) => [data.requestId, data.templateId])).toEqual([
      [`reminder:${created.id}:sms`, 'visit'],
      [`reminder:${created.id}:email`, 'visit'],
    ]);
    expect(found[0]?.data).toMatchObject({
      params: { shop: 'Vanak', customerId: 'c1' },
      expiresAt: '2026-11-23T10:00:00Z',
      cause: { kind: 'reminder', id: created.id, triggerId: created.id },
    });
    expect(await call(h, 200, 'GET', `/v1/reminders/${created.id}`)).toMatchObject({ status: 'fired', settledAt: AT });
    expect(await call(h, 200, 'GET', '/v1/reminders/counts')).toMatchObject({ created: 1, fired: 1, waiting: 0 });
  });

  it('is set once for one Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'k1' };
    const first = await call(h, 201, 'POST', '/v1/reminders', REMINDER, key);
    expect(await call(h, 201, 'POST', '/v1/reminders', REMINDER, key)).toEqual(first);
    await call(h, 409, 'POST', '/v1/reminders', { ...REMINDER, templateId: 'other' }, key);
    await at(h, AT);
    expect(await requests(h)).toHaveLength(2);
  });

  it('can be cancelled until it fires, and then not any more', async () => {
    const [one, two] = [await set(), await set({ customerId: 'c2' })];
    const cancelled = await call(h, 200, 'DELETE', `/v1/reminders/${one.id}`);
    expect(cancelled).toMatchObject({ status: 'cancelled', reason: 'by_request', settledAt: NOW });
    expect(await call(h, 200, 'DELETE', `/v1/reminders/${one.id}`)).toEqual(cancelled);
    await at(h, AT);
    expect((await asked(h)).map((line) => line.split(' ')[0])).toEqual(['c2', 'c2']);
    expect((await call(h, 409, 'DELETE', `/v1/reminders/${two.id}`)).code).toBe('reminders.already_over');
    await call(h, 404, 'DELETE', '/v1/reminders/none');
    await call(h, 404, 'GET', '/v1/reminders/none');
  });

  it('is cancelled by the events it names, when they happen after it was set', async () => {
    await set({ cancelOn: ['purchase.completed'] });
    await set({ customerId: 'c2', cancelOn: ['interaction.recorded', 'points.redeemed'] });
    await set({ customerId: 'c3', cancelOn: ['interaction.recorded', 'points.redeemed'] });
    await set({ customerId: 'c4', cancelOn: ['purchase.refunded'] });
    await set({ customerId: 'c5' });
    const before = '2026-11-21T07:59:59Z';
    await publish(h, [
      bought('c1', 'A-0', { time: before }),
      refunded('c1', 'A-0', LATER),
      interaction('c1', LATER),
      bought('c5', 'E-1', { time: LATER }),
    ]);
    expect((await timers(h, 'c1'))[0]).toMatch(/scheduled$/);
    await publish(h, [
      bought('c1', 'A-1', { time: LATER }),
      interaction('c2', LATER),
      redeemed('c3', LATER),
      refunded('c4', 'D-1', LATER),
    ]);
    for (const customer of ['c1', 'c2', 'c3', 'c4'])
      expect((await timers(h, customer))[0]).toMatch(/cancelled by_event$/);
    await at(h, AT);
    expect([...new Set((await asked(h)).map((line) => line.split(' ')[0]))]).toEqual(['c5']);
    expect(await call(h, 200, 'GET', '/v1/reminders/counts')).toMatchObject({
      created: 5,
      cancelled: { by_event: 4 },
      fired: 1,
      waiting: 0,
    });
  });

  it('reaches who was merged into another under the other’s id', async () => {
    await set({ customerId: 'old', channels: ['sms'], cancelOn: ['purchase.completed'] });
    await publish(h, [merged('old', 'kept')]);
    await set({ customerId: 'old', channels: ['sms'] });
    expect((await timers(h, 'kept')).length).toBe(2);
    await publish(h, [bought('old', 'A-1', { time: LATER })]);
    await at(h, AT);
    expect((await requests(h)).map(({ subject, data }) => [subject, data.params.customerId])).toEqual([
      ['kept', 'kept'],
    ]);
  });

  it('fires at once when its instant has just passed, and is refused when that is too long ago or too far ahead', async () => {
    await set({ at: '2026-11-21T07:00:00Z' });
    await h.settle();
    expect(await requests(h)).toHaveLength(2);
    expect((await set({ at: '2026-11-20T07:59:59Z' }, 422)).code).toBe('reminders.too_late');
    expect((await set({ at: '2036-11-20T07:59:59Z' }, 422)).code).toBe('reminders.too_far_ahead');
  });

  it('that is past due by more than its time to live is not sent', async () => {
    await set({ timeToLive: 'PT1H' });
    await at(h, '2026-11-22T11:00:01Z');
    expect(await requests(h)).toEqual([]);
    expect((await timers(h, 'c1'))[0]).toMatch(/expired overdue$/);
  });

  const table: [string, object, string][] = [
    ['an unknown field', { colour: 'red' }, '/colour'],
    ['no channel', { channels: [] }, '/channels'],
    ['a channel twice', { channels: ['sms', 'sms'] }, '/channels'],
    ['an unknown cancelling event', { cancelOn: ['tier.changed'] }, '/cancelOn/0'],
    ['an instant without an offset', { at: '2026-11-22T10:00:00' }, '/at'],
    ['a time to live in months', { timeToLive: 'P1M' }, '/timeToLive'],
    ['a parameter that is a list', { params: { a: [1] } }, '/params/a'],
    ['a one-time password', { purpose: 'otp' }, '/purpose'],
  ];
  it.each(table)('is refused with %s', async (_name, changes, path) => {
    const problem = await set(changes, 400);
    expect(problem.problems[0].path).toBe(path);
    expect(await timers(h, 'c1')).toEqual([]);
  });
});

it('a customer’s reminders are listed, latest due first, and by status', async () => {
  await define(h, COFFEE);
  await set();
  await publish(h, [bought('c1', 'A-1')]);
  const { reminders: all } = await call(h, 200, 'GET', '/v1/customers/c1/reminders');
  expect(all.map(({ definitionId }: { definitionId: string | null }) => definitionId)).toEqual(['coffee', null]);
  // A reminder that a definition set can be called off as well.
  await call(h, 200, 'DELETE', `/v1/reminders/${all[0].id}`);
  const { reminders: waiting } = await call(h, 200, 'GET', '/v1/customers/c1/reminders?status=scheduled');
  expect(waiting.map(({ definitionId }: { definitionId: string | null }) => definitionId)).toEqual([null]);
});
