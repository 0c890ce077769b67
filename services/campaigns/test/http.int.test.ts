import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { campaigns } from '../src/index.ts';
import { call, NOW, WELCOME } from './given.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [campaigns], now: NOW });
});
afterAll(() => h.stop());

const { id: _id, ...content } = WELCOME;

describe('writing a campaign', () => {
  it('gives a draft with what was left out filled in', async () => {
    const created = await call(h, 201, 'POST', '/v1/campaigns', { ...WELCOME, id: 'first' });
    expect(created).toEqual({
      ...WELCOME,
      id: 'first',
      status: 'draft',
      trigger: { kind: 'event', eventType: 'purchase.completed', conditions: [] },
      frequency: 'every_time',
      timeToLive: 'P1D',
      version: 1,
      createdAt: NOW,
      updatedAt: NOW,
    });
    expect(await call(h, 200, 'GET', '/v1/campaigns/first')).toEqual(created);
    expect((await call(h, 409, 'POST', '/v1/campaigns', { ...WELCOME, id: 'first' })).code).toBe(
      'campaigns.already_exists',
    );
  });

  it('gives the first answer again for the same Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'k1' };
    const first = await call(h, 201, 'POST', '/v1/campaigns', { ...WELCOME, id: 'keyed' }, key);
    expect(await call(h, 201, 'POST', '/v1/campaigns', { ...WELCOME, id: 'keyed' }, key)).toEqual(first);
    await call(h, 409, 'POST', '/v1/campaigns', { ...WELCOME, id: 'other' }, key);
  });

  const table: [string, object, string, RegExp][] = [
    ['an unknown field', { colour: 'red' }, '/colour', /known field/],
    ['an unknown field in the trigger', { trigger: { ...WELCOME.trigger, evnt: 1 } }, '/trigger/evnt', /known field/],
    [
      'an unknown field in a message',
      { messages: [{ channel: 'sms', templateId: 't', text: 'x' }] },
      '/messages/0/text',
      /known field/,
    ],
    [
      'an unknown event',
      { trigger: { kind: 'event', eventType: 'purchase.refunded' } },
      '/trigger/eventType',
      /must be one of: purchase.completed/,
    ],
    ['an unknown state', { trigger: { kind: 'lifecycle', to: ['rich'] } }, '/trigger/to/0', /must be one of: prospect/],
    ['a one-time password', { purpose: 'otp' }, '/purpose', /must be one of: transactional/],
    ['no message', { messages: [] }, '/messages', /fewer than 1/],
    ['an id with capitals', { id: 'Welcome' }, '/id', /pattern/],
    ['a name with a NUL', { name: 'a\u0000b' }, '/name', /pattern/],
    [
      'a list as the value of eq',
      { trigger: { ...WELCOME.trigger, conditions: [{ field: 'store', op: 'eq', value: ['a'] }] } },
      '/trigger/conditions/0',
      /needs one value/,
    ],
    [
      'an unknown field in a condition',
      { trigger: { ...WELCOME.trigger, conditions: [{ field: 'sum', op: 'eq', value: 1 }] } },
      '/trigger/conditions/0',
      /"sum" is not one of: orderId/,
    ],
    ['a duration in months', { timeToLive: 'P1M' }, '/timeToLive', /weeks, days/],
  ];
  it.each(table)('refuses %s, by name', async (_name, changes, path, message) => {
    const problem = await call(h, 400, 'POST', '/v1/campaigns', { ...WELCOME, id: 'bad', ...changes });
    expect(problem.problems[0].path).toBe(path);
    expect(problem.problems[0].message).toMatch(message);
    await call(h, 404, 'GET', '/v1/campaigns/bad');
  });

  it('needs the scope', async () => {
    const answer = await h
      .http('campaigns')
      .inject({ method: 'POST', url: '/v1/campaigns', payload: WELCOME, headers: { authorization: '' } });
    expect(answer.statusCode).toBe(401);
  });
});

describe('changing a campaign', () => {
  it('makes a new version, and refuses a change of an old one', async () => {
    await call(h, 201, 'POST', '/v1/campaigns', { ...WELCOME, id: 'versions' });
    const second = await call(h, 200, 'PUT', '/v1/campaigns/versions', { ...content, name: 'Second', version: 1 });
    expect(second).toMatchObject({ name: 'Second', version: 2, status: 'draft' });
    const problem = await call(h, 409, 'PUT', '/v1/campaigns/versions', { ...content, name: 'Late', version: 1 });
    expect(problem.code).toBe('campaigns.version_mismatch');
    await call(h, 404, 'PUT', '/v1/campaigns/none', content);
  });

  it('keeps the kind once activated, and stays as it is once stopped', async () => {
    await call(h, 201, 'POST', '/v1/campaigns', { ...WELCOME, id: 'kinds' });
    const lifecycle = { ...content, trigger: { kind: 'lifecycle', to: ['new'] } };
    await call(h, 200, 'PUT', '/v1/campaigns/kinds', lifecycle);
    await call(h, 200, 'POST', '/v1/campaigns/kinds/activate');
    expect((await call(h, 409, 'PUT', '/v1/campaigns/kinds', content)).code).toBe('campaigns.kind_fixed');
    await call(h, 200, 'POST', '/v1/campaigns/kinds/stop');
    expect((await call(h, 409, 'PUT', '/v1/campaigns/kinds', lifecycle)).code).toBe('campaigns.wrong_status');
    expect((await call(h, 409, 'POST', '/v1/campaigns/kinds/resume')).code).toBe('campaigns.wrong_status');
  });

  it('leaves a row of who, what, before and after', async () => {
    await call(h, 201, 'POST', '/v1/campaigns', { ...WELCOME, id: 'audited' });
    await call(h, 200, 'PUT', '/v1/campaigns/audited', { ...content, name: 'Renamed' });
    await call(h, 200, 'POST', '/v1/campaigns/audited/activate');
    await call(h, 409, 'POST', '/v1/campaigns/audited/activate');
    const { changes } = await call(h, 200, 'GET', '/v1/campaigns/audited/changes');
    const [key] = await h.admin<{ id: string }[]>`select id from auth.api_key`;
    expect(changes.map(({ actor, action }: Record<string, string>) => [actor, action])).toEqual([
      [key?.id, 'activate'],
      [key?.id, 'replace'],
      [key?.id, 'create'],
    ]);
    expect(changes[2].before).toBeNull();
    expect(changes[1]).toMatchObject({
      before: { name: 'Welcome', version: 1 },
      after: { name: 'Renamed', version: 2 },
    });
    expect(changes[0]).toMatchObject({ before: { status: 'draft' }, after: { status: 'active' } });
  });
});

describe('listing campaigns', () => {
  it('pages by id and filters by status', async () => {
    for (const id of ['page-a', 'page-b', 'page-c']) await call(h, 201, 'POST', '/v1/campaigns', { ...WELCOME, id });
    await call(h, 200, 'POST', '/v1/campaigns/page-b/stop');
    const first = await call(h, 200, 'GET', '/v1/campaigns?after=page&limit=2');
    expect(first.campaigns.map(({ id }: { id: string }) => id)).toEqual(['page-a', 'page-b']);
    expect(first.next).toBe('page-b');
    const rest = await call(h, 200, 'GET', `/v1/campaigns?after=${first.next}&limit=2&status=draft`);
    expect(rest.campaigns[0].id).toBe('page-c');
    const stopped = await call(h, 200, 'GET', '/v1/campaigns?after=page&status=stopped&limit=1');
    expect(stopped.campaigns.map(({ id }: { id: string }) => id)).toEqual(['page-b']);
    await call(h, 400, 'GET', '/v1/campaigns?limit=1000');
  });
});
