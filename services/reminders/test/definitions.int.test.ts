import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reminders } from '../src/index.ts';
import { COFFEE, call, define, EXPIRING, NOW } from './given.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [reminders], now: NOW });
});
afterAll(() => h.stop());

const URL = '/v1/reminder-definitions';
const { id: _id, ...content } = COFFEE;

describe('writing a definition', () => {
  it('gives it with what was left out filled in', async () => {
    const created = await define(h, { ...COFFEE, id: 'first', timeOfDay: '10:00' });
    expect(created).toEqual({
      ...COFFEE,
      id: 'first',
      timeOfDay: '10:00',
      status: 'active',
      timeToLive: 'P1D',
      version: 1,
      createdAt: NOW,
      updatedAt: NOW,
    });
    expect(await call(h, 200, 'GET', `${URL}/first`)).toEqual(created);
    expect(await define(h, { ...EXPIRING, id: 'second', status: 'paused' })).toMatchObject({
      kind: 'points_expiring',
      status: 'paused',
    });
    expect((await call(h, 409, 'POST', URL, { ...COFFEE, id: 'first' })).code).toBe('reminders.already_exists');
  });

  const table: [string, object, string][] = [
    ['an unknown field', { colour: 'red' }, '/colour'],
    ['an unknown kind', { kind: 'birthday' }, '/kind'],
    ['no days', { afterDays: 0 }, '/afterDays'],
    ['an hour that is none', { timeOfDay: '24:00' }, '/timeOfDay'],
    ['a category for expiring points', { kind: 'points_expiring' }, '/category'],
    ['two messages on one channel', { messages: [...COFFEE.messages, ...COFFEE.messages] }, '/messages/1/channel'],
    ['a time to live in months', { timeToLive: 'P1M' }, '/timeToLive'],
    ['an id that is kept for the house', { id: '_once' }, '/id'],
  ];
  it.each(table)('refuses %s, by name', async (_name, changes, path) => {
    const problem = await call(h, 400, 'POST', URL, { ...COFFEE, id: 'bad', ...changes });
    expect(problem.problems[0].path).toBe(path);
    await call(h, 404, 'GET', `${URL}/bad`);
  });
});

describe('changing a definition', () => {
  it('makes a new version, keeps kind and category, and refuses a change of an old version', async () => {
    await define(h, { ...COFFEE, id: 'versions' });
    const second = await call(h, 200, 'PUT', `${URL}/versions`, { ...content, afterDays: 20, version: 1 });
    expect(second).toMatchObject({ afterDays: 20, version: 2 });
    expect((await call(h, 409, 'PUT', `${URL}/versions`, { ...content, version: 1 })).code).toBe(
      'reminders.version_mismatch',
    );
    expect((await call(h, 409, 'PUT', `${URL}/versions`, { ...content, category: 'tea' })).code).toBe(
      'reminders.kind_fixed',
    );
    await call(h, 200, 'POST', `${URL}/versions/stop`);
    expect((await call(h, 409, 'PUT', `${URL}/versions`, content)).code).toBe('reminders.wrong_status');
    expect((await call(h, 409, 'POST', `${URL}/versions/resume`)).code).toBe('reminders.wrong_status');
    await call(h, 404, 'PUT', `${URL}/none`, content);
  });

  it('leaves a row of who, what, before and after', async () => {
    await define(h, { ...COFFEE, id: 'audited' });
    await call(h, 200, 'POST', `${URL}/audited/pause`);
    const { changes } = await call(h, 200, 'GET', `${URL}/audited/changes`);
    const [key] = await h.admin<{ id: string }[]>`select id from auth.api_key`;
    expect(changes).toMatchObject([
      { actor: key?.id, action: 'pause', before: { status: 'active' }, after: { status: 'paused' } },
      { actor: key?.id, action: 'create', before: null, after: { status: 'active' } },
    ]);
  });
});

it('definitions are listed by id and status', async () => {
  for (const id of ['page-a', 'page-b']) await define(h, { ...COFFEE, id });
  await call(h, 200, 'POST', `${URL}/page-b/pause`);
  const first = await call(h, 200, 'GET', `${URL}?after=page&limit=1`);
  expect(first.definitions.map(({ id }: { id: string }) => id)).toEqual(['page-a']);
  const paused = await call(h, 200, 'GET', `${URL}?after=${first.next}&status=paused`);
  expect(paused.definitions.map(({ id }: { id: string }) => id)).toEqual(['page-b', 'second']);
  expect(paused.next).toBeNull();
});

it('a default time zone that nobody knows stops the start', async () => {
  await expect(
    startHarness({ services: [reminders], settings: { REMINDERS_TIME_ZONE: 'Mars/Olympus' } }),
  ).rejects.toThrow('REMINDERS_TIME_ZONE');
});
