import type { Sql } from '@vafa/bus';
import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { campaigns } from '../src/index.ts';
import { expandBroadcast } from '../src/use-cases/expand-broadcast.ts';
import { call, erased, lifecycle, NOW, publish, requests, WELCOME } from './given.ts';

const AT = '2026-11-21T09:00:00Z';
const PORTION = 10;
const MEMBERS = 57;
const ids = Array.from({ length: MEMBERS }, (_, i) => `c${String(i).padStart(3, '0')}`);

let h: Harness;
beforeEach(async () => {
  h = await startHarness({
    services: [campaigns],
    now: NOW,
    settings: { CAMPAIGNS_BROADCAST_PORTION: String(PORTION) },
  });
  await publish(h, [
    ...ids.map((id, i) => lifecycle(id, i % 2 ? 'loyal' : 'active')),
    lifecycle('not-asked', 'dormant'),
  ]);
  await call(h, 201, 'POST', '/v1/campaigns', {
    ...WELCOME,
    id: 'sale',
    purpose: 'promotional',
    trigger: { kind: 'scheduled', at: AT, audience: { lifecycle: ['loyal', 'active'] } },
    timeToLive: 'PT6H',
  });
});
afterEach(() => h.stop());

const change = (what: string) => call(h, 200, 'POST', `/v1/campaigns/sale/${what}`);
const status = async () => (await call(h, 200, 'GET', '/v1/campaigns/sale')).broadcast?.status;
const askedIds = async () => (await requests(h)).map(({ subject }) => subject).sort();
const portions = async (count: number) => {
  for (let i = 0; i < count; i++) expect(await expandBroadcast(h.service('campaigns').context, PORTION)).toBe(PORTION);
};

describe('a scheduled campaign', () => {
  it('goes out at its hour to everyone in the states, each once', async () => {
    await change('activate');
    await h.settle();
    expect(await askedIds()).toEqual([]);
    expect(await status()).toBe('waiting');
    h.clock.set(AT);
    await h.settle();
    expect(await askedIds()).toEqual(ids);
    const [first] = await requests(h);
    expect(first?.data).toMatchObject({
      requestId: `campaign:sale:${first?.subject}:at:${AT}:sms`,
      params: { customerId: first?.subject },
      expiresAt: '2026-11-21T15:00:00Z',
      purpose: 'promotional',
      cause: { kind: 'campaign', id: 'sale', triggerId: `at:${AT}` },
    });
    expect(await status()).toBe('done');
    expect(await call(h, 200, 'GET', '/v1/campaigns/sale/results')).toMatchObject({
      entered: MEMBERS,
      requested: MEMBERS,
    });
  });

  it('goes on after a restart in the middle, with no double and no miss', async () => {
    await change('activate');
    h.clock.set(AT);
    await portions(2);
    await h.restart('campaigns');
    expect(await status()).toBe('running');
    await h.settle();
    expect(await askedIds()).toEqual(ids);
  });

  it('leaves nothing of a portion whose process is killed before the commit', async () => {
    await change('activate');
    h.clock.set(AT);
    await portions(2);
    const { context } = h.service('campaigns');
    // The server ends the connection after the portion's last statement: what a kill -9 of the process looks like to it.
    const killed = {
      begin: (work: (tx: unknown) => Promise<unknown>) =>
        context.sql.begin(async (tx) => {
          const done = await work(tx);
          const [self] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
          await h.admin`select pg_terminate_backend(${self?.pid ?? 0})`;
          return done;
        }),
    } as unknown as Sql;
    await expect(expandBroadcast({ sql: killed, clock: context.clock }, PORTION)).rejects.toThrow();
    expect(await h.sql('campaigns')`select count(*) as entries from entry`).toEqual([{ entries: 2 * PORTION }]);
    await h.settle();
    expect(await askedIds()).toEqual(ids);
  });

  it('is taken by several processes at once without a double', async () => {
    await change('activate');
    h.clock.set(AT);
    const { context } = h.service('campaigns');
    const worker = async () => {
      for (let idle = 0; idle < 3; ) idle = (await expandBroadcast(context, 3)) === 0 ? idle + 1 : 0;
    };
    await Promise.all([worker(), worker(), worker()]);
    await h.settle();
    expect(await askedIds()).toEqual(ids);
  });

  it('halts while paused and goes on where it was', async () => {
    await change('activate');
    h.clock.set(AT);
    await portions(2);
    await change('pause');
    await h.settle();
    expect(await askedIds()).toEqual(ids.slice(0, 20));
    await change('resume');
    await h.settle();
    expect(await askedIds()).toEqual(ids);
  });

  it('counts as expired those who were not reached in time', async () => {
    await change('activate');
    h.clock.set(AT);
    await portions(2);
    await change('pause');
    h.clock.advance('PT6H1S');
    await change('resume');
    await h.settle();
    expect(await askedIds()).toEqual(ids.slice(0, 20));
    expect(await status()).toBe('expired');
    expect(await call(h, 200, 'GET', '/v1/campaigns/sale/results')).toMatchObject({
      entered: 20,
      expired: MEMBERS - 20,
    });
  });

  it('still goes out when nothing ran at its hour, within the time to live', async () => {
    await change('activate');
    h.clock.set('2026-11-21T15:00:00Z');
    await h.settle();
    expect(await askedIds()).toEqual(ids);
  });

  it('leaves out who was erased or left the states before being reached, and misses none who moved between them', async () => {
    await change('activate');
    h.clock.set(AT);
    await portions(2);
    await publish(h, [erased('c030', AT), lifecycle('c031', 'churned', { time: AT })]);
    // Moves from a state of the audience to another, and one who is done moves too.
    await h.send(lifecycle('c040', 'loyal', { time: AT }), lifecycle('c001', 'active', { time: AT }));
    expect(await askedIds()).toEqual(ids.filter((id) => id !== 'c030' && id !== 'c031'));
  });

  it('ends where it is when stopped', async () => {
    await change('activate');
    h.clock.set(AT);
    await portions(1);
    await change('stop');
    await h.settle();
    expect(await askedIds()).toEqual(ids.slice(0, 10));
    expect(await status()).toBe('cancelled');
  });

  it('can be moved before it begins, and not be changed after', async () => {
    await change('activate');
    const content = {
      name: 'Sale',
      purpose: 'promotional',
      messages: [{ channel: 'sms', templateId: 't' }],
      timeToLive: 'PT6H',
    };
    const trigger = { kind: 'scheduled', at: '2026-11-21T10:00:00Z', audience: { lifecycle: ['loyal'] } };
    await call(h, 200, 'PUT', '/v1/campaigns/sale', { ...content, trigger });
    h.clock.set(AT);
    await h.settle();
    expect(await askedIds()).toEqual([]);
    h.clock.set('2026-11-21T10:00:00Z');
    await h.settle();
    expect(await askedIds()).toEqual(ids.filter((_, i) => i % 2));
    const problem = await call(h, 409, 'PUT', '/v1/campaigns/sale', { ...content, trigger });
    expect(problem.code).toBe('campaigns.broadcast_begun');
  });

  it('is not activated when its hour is longer ago than the time to live', async () => {
    h.clock.set('2026-11-21T15:00:01Z');
    const problem = await call(h, 422, 'POST', '/v1/campaigns/sale/activate');
    expect(problem.code).toBe('campaigns.schedule_passed');
    expect((await call(h, 200, 'GET', '/v1/campaigns/sale')).status).toBe('draft');
  });
});
