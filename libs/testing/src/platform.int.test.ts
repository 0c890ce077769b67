import { pathToFileURL } from 'node:url';
import { emit } from '@vafa/bus';
import { event, PurchaseCompleted } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { createApiKey, defineService, idempotent, revokeApiKey } from '@vafa/platform';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Harness, startHarness } from './harness.ts';
import { workspaceRoot } from './workspace.ts';

let calls = 0;
/** A service with doors of its own on the gateway's schema: the platform's behaviour, not the gateway's. */
const probe = defineService({
  name: 'gateway',
  title: 'Probe',
  migrations: pathToFileURL(`${workspaceRoot}services/gateway/migrations/`),
  settings: Type.Object({}),
  subscriptions: () => [],
  jobs: () => [],
  routes: (app, context) => {
    const body = Type.Object({ points: Type.Integer({ minimum: 1 }) }, { additionalProperties: false });
    app.post('/probe', { schema: { body }, config: { scope: 'ledger:write' } }, (request, reply) =>
      idempotent(context, request, reply, 201, async (tx) => {
        calls += 1;
        if (request.body.points === 13) throw new AppError('rejected', 'probe.unlucky', 'not thirteen');
        await emit(tx, [
          event(
            PurchaseCompleted,
            { id: `p${calls}`, source: '/probe', time: context.clock.now() },
            { customerId: 'c', orderId: `o${calls}`, currency: 'IRR', totalMinor: 1, lines: [] },
          ),
        ]);
        return { call: calls };
      }),
    );
    app.get(
      '/asked',
      {
        schema: {
          querystring: Type.Object({ from: Type.String(), limit: Type.Integer({ default: 20 }) }),
          response: { 200: Type.Object({ limit: Type.Integer() }) },
        },
        config: { scope: 'ledger:read' },
      },
      ({ query }) => ({ limit: query.limit }),
    );
    app.get('/boom', { config: { scope: 'ledger:read' } }, () => {
      throw new Error('secret inside');
    });
  },
});

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [probe], settings: { VAFA_LOG_LEVEL: 'silent', HTTP_BODY_LIMIT_BYTES: '2048' } });
});
afterAll(() => h.stop());
const post = (payload: unknown, headers: Record<string, string> = {}) =>
  h.http('gateway').inject({ method: 'POST', url: '/probe', payload, headers });

it('shows on its pages what must be given, and what refusals are', async () => {
  const { paths } = (await h.http('gateway').inject({ method: 'GET', url: '/openapi.json' })).json();
  const { parameters, responses } = paths['/asked'].get;
  expect(parameters.map(({ name, required }: Record<string, unknown>) => [name, required === true])).toEqual([
    ['from', true],
    ['limit', false],
  ]);
  expect((await h.http('gateway').inject({ method: 'GET', url: '/asked?from=x' })).json()).toEqual({ limit: 20 });
  expect(responses['4XX'].content).toEqual({
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  });
});

describe('errors are problems', () => {
  it('names the field and what is allowed', async () => {
    const answer = await post({ points: 0 });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'http.invalid_request',
      problems: [{ path: '/points', message: 'must be >= 1' }],
    });
  });

  it('does not take text for a number, nor unknown fields', async () => {
    expect((await post({ points: '5' })).json().problems[0].message).toBe('must be integer');
    expect((await post({ points: 5, pionts: 6 })).json().problems[0]).toEqual({
      path: '/pionts',
      message: 'is not a known field',
    });
  });

  it('names what is missing of the query', async () => {
    const answer = await h.http('gateway').inject({ method: 'GET', url: '/asked' });
    expect(answer.json().problems).toEqual([{ path: '/from', message: 'is missing' }]);
  });

  it('tells malformed JSON, a large body, an unknown route', async () => {
    const malformed = await h.http('gateway').inject({
      method: 'POST',
      url: '/probe',
      headers: { 'content-type': 'application/json' },
      payload: '{"points": ',
    });
    expect(malformed.json()).toMatchObject({ status: 400, code: 'http.malformed_json' });
    expect((await post({ points: 5, x: 'x'.repeat(3_000) })).json()).toMatchObject({
      status: 413,
      code: 'http.body_too_large',
    });
    expect((await h.http('gateway').inject({ method: 'GET', url: '/nowhere' })).json()).toMatchObject({
      code: 'http.no_route',
    });
    const noPath = await h.http('gateway').inject({ method: 'GET', url: '/nowhere/%ED%A0%80' });
    expect(noPath.headers['content-type']).toContain('application/problem+json');
    expect(noPath.json()).toMatchObject({ status: 400, code: 'http.malformed_path' });
  });

  it('hides the inside of what is unexpected', async () => {
    const answer = await h.http('gateway').inject({ method: 'GET', url: '/boom' });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret inside');
  });
});

describe('API keys', () => {
  const call = (authorization: string) => post({ points: 1 }, { authorization });
  it('are required, known and scoped', async () => {
    expect((await call('')).json().code).toBe('auth.key_missing');
    expect((await call('Bearer vafa_nonsense')).json().code).toBe('auth.key_unknown');
    const weak = await createApiKey(h.admin, { name: 'weak', scopes: ['ledger:read'] }, h.clock.now());
    expect((await call(`Bearer ${weak.secret}`)).json()).toMatchObject({
      status: 403,
      code: 'auth.scope_missing',
      scope: 'ledger:write',
    });
  });

  it('stop working once revoked, and only their hash is kept', async () => {
    const key = await createApiKey(h.admin, { name: 'gone', scopes: ['ledger:write'] }, h.clock.now());
    await revokeApiKey(h.admin, key.id, h.clock.now());
    expect((await call(`Bearer ${key.secret}`)).statusCode).toBe(401);
    const rows = await h.admin`select * from auth.api_key`;
    expect(JSON.stringify(rows)).not.toContain(key.secret);
  });

  it('refuse unknown scopes by name', async () => {
    await expect(createApiKey(h.admin, { name: 'x', scopes: ['everything'] }, h.clock.now())).rejects.toThrow(
      /everything/,
    );
  });
});

describe('Idempotency-Key', () => {
  it('gives the first answer again and does the work once', async () => {
    const first = await post({ points: 2 }, { 'idempotency-key': 'k1' });
    const before = calls;
    const second = await post({ points: 2 }, { 'idempotency-key': 'k1' });
    expect(second.json()).toEqual(first.json());
    expect([second.statusCode, second.headers['idempotency-replayed'], calls]).toEqual([201, 'true', before]);
  });

  it('refuses the key with another body', async () => {
    await post({ points: 3 }, { 'idempotency-key': 'k2' });
    expect((await post({ points: 4 }, { 'idempotency-key': 'k2' })).json()).toMatchObject({
      status: 409,
      code: 'http.idempotency_key_reused',
    });
  });

  it('does the work once for requests at the same time', async () => {
    const before = calls;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post({ points: 5 }, { 'idempotency-key': 'k3' })),
    );
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(calls).toBe(before + 1);
  });

  it('does not keep refusals, and rolls their work back', async () => {
    expect((await post({ points: 13 }, { 'idempotency-key': 'k4' })).statusCode).toBe(422);
    const [row] = await h.admin`select count(*) as n from gateway.idempotency_key where key like '%:k4'`;
    expect(row?.n).toBe(0);
  });

  it('forgets answers after their time', async () => {
    await post({ points: 6 }, { 'idempotency-key': 'k5' });
    h.clock.advance({ hours: 25 });
    await h.settle();
    const [row] = await h.admin`select count(*) as n from gateway.idempotency_key`;
    expect(row?.n).toBe(0);
  });
});

it('gives each role its own schema and nothing else', async () => {
  const sql = h.sql('gateway');
  await expect(sql`select * from bus.log_record`).rejects.toThrow(/permission denied/);
  await expect(
    sql`insert into auth.api_key (id, name, hash, scopes, created_at) values ('x', 'x', 'x', '{}', now())`,
  ).rejects.toThrow(/permission denied/);
  await expect(sql`drop table outbox`).rejects.toThrow(/must be owner/);
  await expect(sql`create table gateway.mine (id int)`).rejects.toThrow(/permission denied/);
});

it('publishes what was committed and answers health questions', async () => {
  await h.settle();
  const live = await h.http('gateway').inject({ method: 'GET', url: '/live', headers: { authorization: '' } });
  const ready = await h.http('gateway').inject({ method: 'GET', url: '/ready' });
  const metrics = await h.http('gateway').inject({ method: 'GET', url: '/metrics' });
  expect([live.statusCode, ready.statusCode, metrics.statusCode]).toEqual([200, 200, 200]);
  expect(metrics.body).toMatch(/vafa_outbox_published_total\{service="gateway"\} [1-9]/);
  expect((await h.http('gateway').inject({ method: 'GET', url: '/v1/status' })).json()).toMatchObject({
    lag: 0,
    outboxDepth: 0,
  });
});

it('refuses a route that names no scope', async () => {
  const careless = { ...probe, routes: (app: Parameters<typeof probe.routes>[0]) => void app.get('/open', () => 'x') };
  await expect(startHarness({ services: [careless as typeof probe] })).rejects.toThrow(/names no scope/);
});

it('takes arrays of instants as parameters, though drizzle shares the pool', async () => {
  const instants = ['2026-11-21T08:00:00Z', '2026-11-22T08:00:00Z'];
  const rows = await h.sql('gateway')<{ at: string }[]>`select unnest(${instants}::timestamptz[]) as at`;
  expect(rows.map(({ at }) => Temporal.Instant.from(at).toString())).toEqual(instants);
});

it('is not ready while the database takes no writes, and again once it does', async () => {
  const ready = () => h.http('gateway').inject({ method: 'GET', url: '/ready' });
  /** Sessions begin anew as they are told; the setting goes with the database of this file. */
  const readOnly = async (value: 'on' | 'off'): Promise<void> => {
    const [{ name } = { name: '' }] = await h.admin<{ name: string }[]>`select current_database() as name`;
    await h.admin.unsafe(`alter role vafa_gateway in database ${name} set default_transaction_read_only = ${value}`);
    await h.admin`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = 'vafa_gateway'`;
  };
  expect((await ready()).json()).toMatchObject({ ready: true });
  await readOnly('on');
  await vi.waitFor(async () => {
    const answer = await ready();
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ ready: false, checks: { database: 'takes no writes: it is read-only' } });
  });
  await readOnly('off');
  await vi.waitFor(async () => expect((await ready()).json()).toMatchObject({ ready: true }));
});
