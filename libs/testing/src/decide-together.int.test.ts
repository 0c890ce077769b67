import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Tx } from '@vafa/bus';
import { AppError, present } from '@vafa/kernel';
import { createTogether, type Decider, defineService, type Postponed, type Verdict } from '@vafa/platform';
import Type from 'typebox';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Harness, startHarness } from './harness.ts';
import { workspaceRoot } from './workspace.ts';

/** What a request wants to happen; `name` stands in what it writes, when it is not refused. */
interface Wish {
  name: string;
  deed?: 'refuse' | 'postpone' | 'throw' | 'throw_refusal' | 'break' | 'break_commit' | 'lose_connection' | 'deadlock';
  /** Transactions that deadlock before one passes. */
  times?: number;
}

const MOST = 10;
const MAX_UNANSWERED = 30;

/** Commands of each transaction that was begun. */
let transactions: string[][] = [];
/** Transactions wait for it before they decide anything. */
let gate = Promise.resolve();
const deadlocks = new Map<string, number>();

const raise = (tx: Tx, code: string) => tx.unsafe(`do $$ begin raise exception using errcode = '${code}'; end $$`);

type Granted = Verdict<{ name: string }> | Postponed;

/** Names of those whose holding fails from now on, by our own refusal or, with a code, in the database. */
const unholdable = new Map<string, string | null>();
/** Keys that were claimed when a transaction began to hold what it needs. */
let claimed: string[][] = [];

const breakIfTold = async (tx: Tx, { name, deed, times = 1 }: Wish): Promise<void> => {
  if (deed === 'break') await raise(tx, '23514');
  if (deed === 'lose_connection') await tx`select pg_terminate_backend(pg_backend_pid())`;
  const before = deadlocks.get(name) ?? 0;
  if (deed !== 'deadlock' || before >= times) return;
  deadlocks.set(name, before + 1);
  await raise(tx, '40P01');
};

const grant = async (tx: Tx, wish: Wish): Promise<void> => {
  await breakIfTold(tx, wish);
  await tx`insert into probe_effect (name, refuse_commit) values (${wish.name}, ${wish.deed === 'break_commit'})`;
};

const verdictOn = ({ name, deed }: Wish, patient: boolean): Granted => {
  if (deed === 'postpone' && !patient) return { kind: 'postponed' };
  if (deed === 'refuse') return { kind: 'refused', error: new AppError('rejected', 'probe.refused', 'not this one') };
  if (deed === 'throw') throw new Error('our mistake');
  if (deed === 'throw_refusal') throw new AppError('conflict', 'probe.conflict', 'all because of one');
  return { kind: 'done', result: { name } };
};

const decider: Decider<Wish, string, { wishes: readonly Wish[]; patient: boolean }, { name: string }> = {
  keepsPlans: false,
  ask: async (tx) => {
    const [row] = await tx<{ number: string }[]>`select pg_current_xact_id_if_assigned()::text as number`;
    return row?.number ?? 'nothing is written yet';
  },
  hold: async (tx, wishes, known, patient) => {
    expect(known).toBe('nothing is written yet');
    const keys = await tx<{ key: string }[]>`
      select split_part(key, ':', 2) as key from idempotency_key where body = '' order by 1`;
    claimed.push(keys.map(({ key }) => key));
    transactions.push(wishes.map(({ name }) => name));
    await gate;
    const code = wishes.map(({ name }) => unholdable.get(name)).find((each) => each !== undefined);
    if (code) await raise(tx, code);
    if (code === null) throw new AppError('unavailable', 'probe.unholdable', 'gone');
    return { wishes, patient };
  },
  decide: (tx, { wishes, patient }, fresh) => {
    const own = fresh.map((place) => present(wishes[place], 'wish'));
    const verdicts = own.map((wish) => verdictOn(wish, patient));
    const done = own.filter((_, i) => verdicts[i]?.kind === 'done');
    return { verdicts, written: Promise.all(done.map((wish) => grant(tx, wish))) };
  },
};

/** A service with a door of its own on the gateway's schema. */
const probe = defineService({
  name: 'gateway',
  title: 'Probe',
  migrations: pathToFileURL(`${workspaceRoot}services/gateway/migrations/`),
  settings: Type.Object({}),
  subscriptions: () => [],
  jobs: () => [],
  routes: (app, context) => {
    const { answer, idle } = createTogether({
      ...{ context, places: 1, most: MOST, maxUnanswered: MAX_UNANSWERED, decider },
    });
    app.addHook('onClose', idle);
    const body = Type.Object({
      name: Type.String(),
      deed: Type.Optional(Type.String()),
      times: Type.Optional(Type.Integer()),
    });
    app.post('/probe', { schema: { body }, config: { scope: 'ledger:write' } }, (request, reply) =>
      answer(request, reply, 201, request.body as Wish),
    );
  },
});

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [probe], settings: { VAFA_LOG_LEVEL: 'silent' } });
  // At the commit a row may still be refused, when everything else is done.
  await h.admin.unsafe(`
    create table gateway.probe_effect (name text not null, refuse_commit boolean not null);
    grant select, insert on gateway.probe_effect to public;
    create function gateway.refuse_commit() returns trigger language plpgsql as
      $$ begin if new.refuse_commit then raise exception using errcode = '23514'; end if; return null; end $$;
    create constraint trigger refuse_commit after insert on gateway.probe_effect deferrable initially deferred
      for each row execute function gateway.refuse_commit()`);
});
afterAll(() => h.stop());
beforeEach(() => {
  transactions = [];
  claimed = [];
});

const post = (wish: Wish, key?: string) =>
  h.http('gateway').inject({
    ...{ method: 'POST', url: '/probe', payload: wish },
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
const effects = async (prefix: string): Promise<string[]> => {
  const rows = await h.admin<{ name: string }[]>`
    select name from gateway.probe_effect where starts_with(name, ${prefix}) order by name`;
  return rows.map(({ name }) => name);
};
const keptKeys = async (prefix: string): Promise<string[]> => {
  const rows = await h.admin<{ key: string }[]>`
    select split_part(key, ':', 2) as key from gateway.idempotency_key where key like ${`%:${prefix}%`} order by 1`;
  return rows.map(({ key }) => key);
};

/** Lets requests wait until all of them are there, behind a first one: the others are decided in one transaction. */
const atOnce = async (prefix: string, requests: (() => ReturnType<typeof post>)[]) => {
  let open = (): void => undefined;
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const before = transactions.length;
  const first = post({ name: `${prefix}-first` });
  while (transactions.length === before) await pause(1);
  const answers = requests.map((request) => request());
  // What is injected reaches its route some turns later.
  await pause(100);
  open();
  expect((await first).statusCode).toBe(201);
  return Promise.all(answers);
};

test('one alone is decided at once; those that wait are decided together, in the order of arrival', async () => {
  const names = ['a-1', 'a-2', 'a-3'];
  const answers = await atOnce(
    'a',
    names.map((name) => () => post({ name })),
  );
  expect(answers.map((answer) => [answer.statusCode, answer.json().name])).toEqual(names.map((name) => [201, name]));
  expect(transactions).toEqual([['a-first'], names]);
});

test('no transaction takes more than it may', async () => {
  const names = Array.from({ length: 2 * MOST + 1 }, (_, i) => `b-${i}`);
  await atOnce(
    'b',
    names.map((name) => () => post({ name })),
  );
  expect(transactions.map((each) => each.length)).toEqual([1, MOST, MOST, 1]);
});

test('who is refused leaves nothing behind, not even its key; its neighbours are answered', async () => {
  const answers = await atOnce('c', [
    () => post({ name: 'c-1' }, 'c-1'),
    () => post({ name: 'c-2', deed: 'refuse' }, 'c-2'),
    () => post({ name: 'c-3' }, 'c-3'),
    () => post({ name: 'c-4', deed: 'refuse' }),
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 422, 201, 422]);
  expect(transactions).toHaveLength(2);
  expect(await keptKeys('c-')).toEqual(['c-1', 'c-3']);
  expect(await effects('c')).toEqual(['c-1', 'c-3', 'c-first']);
  // Refusals are decided anew, answers are given again.
  expect((await post({ name: 'c-2' }, 'c-2')).statusCode).toBe(201);
  const again = await post({ name: 'c-1' }, 'c-1');
  expect([again.statusCode, again.headers['idempotency-replayed'], again.json()]).toEqual([
    201,
    'true',
    { name: 'c-1' },
  ]);
});

test('one key has one effect and one answer, however many ask with it at once', async () => {
  const answers = await atOnce(
    'd',
    Array.from({ length: 8 }, () => () => post({ name: 'd-same' }, 'd-same')),
  );
  expect(answers.every((answer) => answer.statusCode === 201 && answer.json().name === 'd-same')).toBe(true);
  expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(7);
  expect(await effects('d')).toEqual(['d-first', 'd-same']);
});

test('a key that another request has used is refused, beside others with theirs', async () => {
  await post({ name: 'e-0' }, 'e-0');
  const answers = await atOnce('e', [
    () => post({ name: 'e-1' }, 'e-1'),
    () => post({ name: 'e-other' }, 'e-0'),
    () => post({ name: 'e-0' }, 'e-0'),
    () => post({ name: 'e-2' }),
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 409, 201, 201]);
  expect(answers[1]?.json().code).toBe('http.idempotency_key_reused');
  expect(answers[2]?.headers['idempotency-replayed']).toBe('true');
  expect(await effects('e')).toEqual(['e-0', 'e-1', 'e-2', 'e-first']);
});

test('keys are claimed before anything is locked', async () => {
  await post({ name: 'm-0' }, 'm-0');
  const answers = await atOnce('m', [
    () => post({ name: 'm-2' }, 'm-2'),
    () => post({ name: 'm-0' }, 'm-0'),
    () => post({ name: 'm-1' }, 'm-1'),
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201]);
  expect(claimed).toEqual([['m-0'], [], ['m-1', 'm-2']]);
});

test('nothing that can not be had keeps an answer from who is told it again', async () => {
  await post({ name: 'k-0' }, 'k-0');
  unholdable.set('k-0', '55P03');
  const alone = await post({ name: 'k-0' }, 'k-0');
  expect([alone.statusCode, alone.headers['idempotency-replayed']]).toEqual([201, 'true']);
  unholdable.set('k-0', null).set('k-3', null);
  const later = await atOnce('l', [
    () => post({ name: 'k-0' }, 'k-0'),
    () => post({ name: 'k-3' }, 'k-3'),
    () => post({ name: 'k-4' }, 'k-4'),
  ]);
  expect(later.map(({ statusCode }) => statusCode)).toEqual([201, 503, 201]);
  expect(later[0]?.headers['idempotency-replayed']).toBe('true');
  expect(await effects('k-')).toEqual(['k-0', 'k-4']);
  expect(await keptKeys('k-')).toEqual(['k-0', 'k-4']);
});

test.each([
  ['throw', 500, 'http.internal'],
  ['throw_refusal', 409, 'probe.conflict'],
  ['break', 500, 'http.internal'],
  ['break_commit', 500, 'http.internal'],
] as const)('one that makes the transaction fail (%s) stands alone with it', async (deed, status, code) => {
  const names = Array.from({ length: 7 }, (_, i) => `f-${deed}-${i}`);
  const answers = await atOnce(
    `f-${deed}`,
    names.map((name, i) => () => post({ name, ...(i === 4 ? { deed } : {}) }, name)),
  );
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(names.map((_, i) => (i === 4 ? status : 201)));
  expect(answers[4]?.json().code).toBe(code);
  const others = names.filter((_, i) => i !== 4);
  expect(await effects(`f-${deed}`)).toEqual([...others, `f-${deed}-first`]);
  expect(await keptKeys(`f-${deed}-`)).toEqual(others);
});

test('those that are postponed are decided by themselves, and others go on meanwhile', async () => {
  const names = Array.from({ length: MOST + 1 }, (_, i) => `j-${i}`);
  const answers = await atOnce(
    'j',
    names.map((name, i) => () => post({ name, ...(i === 1 || i === 4 ? { deed: 'postpone' } : {}) }, name)),
  );
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(names.map(() => 201));
  expect(transactions.slice(0, 2)).toEqual([['j-first'], names.slice(0, MOST)]);
  expect(transactions.slice(2).toSorted()).toEqual([['j-1', 'j-4'], [names[MOST]]]);
  expect(await effects('j')).toEqual([...names, 'j-first'].toSorted());
  expect(await keptKeys('j-')).toEqual(names.toSorted());
});

test('when the connection is lost all are told so, and nothing is done', async () => {
  const answers = await atOnce('g', [
    () => post({ name: 'g-1' }, 'g-1'),
    () => post({ name: 'g-2', deed: 'lose_connection' }, 'g-2'),
    () => post({ name: 'g-3' }, 'g-3'),
  ]);
  expect(answers.map((answer) => [answer.statusCode, answer.json().code])).toEqual(
    answers.map(() => [503, 'http.unavailable']),
  );
  expect(transactions).toHaveLength(2);
  expect([await effects('g'), await keptKeys('g-')]).toEqual([['g-first'], []]);
});

test('a deadlock is tried again, so often and no oftener', async () => {
  const answers = await atOnce('h', [
    () => post({ name: 'h-1' }, 'h-1'),
    () => post({ name: 'h-2', deed: 'deadlock', times: 2 }, 'h-2'),
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201]);
  expect(await effects('h')).toEqual(['h-1', 'h-2', 'h-first']);
  expect((await post({ name: 'h-3', deed: 'deadlock', times: 1_000 })).statusCode).toBe(503);
  expect(transactions.filter((names) => names.includes('h-3'))).toHaveLength(5);
});

test('more than may wait are sent away, and told to come again', async () => {
  const answers = await atOnce(
    'i',
    Array.from({ length: MAX_UNANSWERED + 1 }, (_, i) => () => post({ name: `i-${i}` })),
  );
  const refused = answers.filter(({ statusCode }) => statusCode === 503);
  expect(refused.map((answer) => [answer.json().code, answer.headers['retry-after']])).toEqual([
    ['http.too_many_waiting', '1'],
    ['http.too_many_waiting', '1'],
  ]);
  expect(await effects('i')).toHaveLength(MAX_UNANSWERED);
  expect((await post({ name: 'i-later' })).statusCode).toBe(201);
});

test('whoever waits when the service stops is answered', async () => {
  const own = await startHarness({ services: [probe], settings: { VAFA_LOG_LEVEL: 'silent' } });
  await own.admin.unsafe(`create table gateway.probe_effect (name text not null, refuse_commit boolean not null);
    grant select, insert on gateway.probe_effect to public`);
  const url = await own.service('gateway').app.listen({ host: '127.0.0.1', port: 0 });
  const headers = { authorization: `Bearer ${own.apiKey}`, 'content-type': 'application/json' };
  let open = (): void => undefined;
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const ask = (name: string) => fetch(`${url}/probe`, { method: 'POST', headers, body: JSON.stringify({ name }) });
  const asked = Array.from({ length: 12 }, (_, i) => ask(`stop-${i}`));
  while (transactions.length === 0) await pause(1);
  await pause(100);
  const stopped = own.stop();
  open();
  const answers = await Promise.all(asked);
  expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 201));
  await stopped;
});
