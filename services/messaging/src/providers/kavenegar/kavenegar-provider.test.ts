import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Sandbox, startSandbox } from '@vafa/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CallOutcome } from '../../domain/call-outcome.ts';
import type { SmsItem } from '../sms-provider.ts';
import { createKavenegarProvider, type KavenegarOptions } from './kavenegar-provider.ts';

const KEY = 'a-secret-key';
let sandbox: Sandbox;
let now = Date.parse('2026-11-21T08:00:00Z');
const calls: string[] = [];

const provider = (more: Partial<KavenegarOptions> = {}) =>
  createKavenegarProvider({
    baseUrl: sandbox.smsUrl,
    apiKey: KEY,
    sender: '10008663',
    localIdOffset: 0,
    timeoutMs: 10_000,
    pace: () => Promise.resolve(),
    onCall: (method, result) => calls.push(`${method}:${result}`),
    ...more,
  });
/** Only where nobody answers: a busy machine takes its time. */
const impatient = (behaviour: unknown) => (/hang/i.test(String(behaviour)) ? { timeoutMs: 300 } : {});
const always = { mayCall: () => true };
const item = (messageId: number, text = 'سلام', phone = `+9891200${String(messageId).padStart(5, '0')}`): SmsItem => ({
  messageId,
  phone,
  text,
});
const kindsOf = (outcomes: Map<number, CallOutcome>) => [...outcomes].map(([id, { kind }]) => `${id}:${kind}`);
const sentLocalIds = () => sandbox.sms.records().map(({ localId }) => localId);

beforeAll(async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  sandbox = await startSandbox({ apiKey: KEY, dedupeByLocalId: false, now: () => now, log });
});
afterEach(() => {
  sandbox.sms.script.calm();
  calls.length = 0;
});
afterAll(() => sandbox?.stop());

let nextId = 1;
const ids = (count: number) => Array.from({ length: count }, () => nextId++);

describe('sending', () => {
  test('a lease that ended while waiting for a turn is not used any more', async () => {
    const [a = 0] = ids(1);
    let turn = false;
    const pace = async () => {
      turn = true;
    };
    const outcomes = await provider({ pace }).send([item(a)], { mayCall: () => !turn });
    expect(kindsOf(outcomes)).toEqual([`${a}:not_called`]);
    expect(calls).toEqual([]);
    expect(sentLocalIds()).not.toContain(String(a));
  });

  test('one text goes as send, different texts as sendarray; each entry is matched to its message', async () => {
    const [a = 0, b = 0, c = 0, d = 0] = ids(4);
    const same = await provider().send([item(a), item(b)], always);
    const different = await provider().send([item(c, 'یک'), item(d, 'دو')], always);
    expect(calls).toEqual(['send:kavenegar_200', 'sendarray:kavenegar_200']);
    for (const [id, outcome] of [...same, ...different]) {
      const record = sandbox.sms.records().find(({ localId }) => localId === String(id));
      expect(outcome).toMatchObject({
        kind: 'accepted',
        providerMessageId: String(record?.messageId),
        costRial: 1_500,
      });
      expect(record).toMatchObject({ receptor: item(id).phone.replace('+98', '0'), sender: '10008663' });
    }
    expect(sandbox.sms.records().find(({ localId }) => localId === String(d))?.text).toBe('دو');
  });

  test('texts with commas, quotes and line ends arrive as they are, and numbers from abroad too', async () => {
    const [a = 0, b = 0] = ids(2);
    const text = 'یک, "دو"\nسه & چهار=۴ + 🎉';
    await provider().send([item(a, text, '+4915112345678'), item(b, 'x')], always);
    const record = sandbox.sms.records().find(({ localId }) => localId === String(a));
    expect(record).toMatchObject({ text, receptor: '004915112345678' });
  });

  test('the offset keeps the local ids of two installations apart', async () => {
    const [a = 0] = ids(1);
    const offset = provider({ localIdOffset: 4_000_000_000_000_000 });
    await offset.send([item(a)], always);
    const localId = String(4_000_000_000_000_000 + a);
    expect(sentLocalIds()).toContain(localId);
    expect((await offset.findByMessageIds([a]))?.get(a)).toMatchObject({ status: 1 });
  });

  test.each([
    [418, 'channel_down'],
    [401, 'channel_down'],
    [403, 'channel_down'],
    [412, 'channel_down'],
    [451, 'channel_down'],
    [429, 'channel_down'],
    [409, 'try_later'],
    [402, 'unknown'],
    [599, 'unknown'],
    [411, 'refused'],
    [413, 'refused'],
    [420, 'refused'],
    [400, 'refused'],
  ])('status %i is %s', async (status, kind) => {
    const [a = 0] = ids(1);
    sandbox.sms.script.next(status);
    const outcome = (await provider().send([item(a)], always)).get(a);
    expect(outcome).toMatchObject({ kind, code: `kavenegar_${status}` });
    if (outcome?.kind === 'refused') expect(outcome.badAddress).toBe(status === 411);
    expect(sentLocalIds()).not.toContain(String(a));
  });

  test('a key that is refused says so', async () => {
    const [a = 0] = ids(1);
    const outcome = (await provider({ apiKey: 'wrong' }).send([item(a)], always)).get(a);
    expect(outcome).toEqual({ kind: 'channel_down', code: 'kavenegar_403' });
  });

  test.each([
    ['html502', false],
    ['hang', false],
    ['resetBeforeAccept', false],
    ['truncated', true],
    ['acceptThen500', true],
    ['acceptThenHang', true],
    ['acceptThenReset', true],
  ] as const)('%s: nobody knows, and asking tells (taken: %s)', async (behaviour, taken) => {
    const [a = 0, b = 0] = ids(2);
    sandbox.sms.script.next(behaviour);
    const outcomes = await provider(impatient(behaviour)).send([item(a), item(b)], always);
    expect(kindsOf(outcomes)).toEqual([`${a}:unknown`, `${b}:unknown`]);
    const found = await provider().findByMessageIds([a, b]);
    expect([...(found?.keys() ?? [])]).toEqual(taken ? [a, b] : []);
  });

  test('nobody there: certainly not sent', async () => {
    const [a = 0] = ids(1);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const outcome = (await provider({ baseUrl: `http://127.0.0.1:${port}` }).send([item(a)], always)).get(a);
    expect(outcome).toEqual({ kind: 'try_later', code: 'ECONNREFUSED' });
  });

  test('one bad number among many: found by halves, the others go', async () => {
    const many = ids(16);
    const bad = many[5] ?? 0;
    const outcomes = await provider().send(
      many.map((id) => (id === bad ? item(id, `n${id}`, '+9821') : item(id, `n${id}`))),
      always,
    );
    expect(outcomes.get(bad)).toEqual({ kind: 'refused', code: 'kavenegar_411', badAddress: true });
    expect([...outcomes.values()].filter(({ kind }) => kind === 'accepted')).toHaveLength(15);
    expect(sentLocalIds().filter((id) => many.includes(Number(id)))).toHaveLength(15);
    expect(calls.length).toBeLessThanOrEqual(10);
  });

  test('when the time runs out in the middle, the rest was certainly not called', async () => {
    const many = ids(8);
    let left = 3;
    const outcomes = await provider().send(
      many.map((id, i) => item(id, `n${id}`, i === 0 ? '+9821' : undefined)),
      { mayCall: () => left-- > 0 },
    );
    // 8 refused, 4 refused, 2 refused, and no time for more.
    expect(new Set([...outcomes.values()].map(({ kind }) => kind))).toEqual(new Set(['not_called']));
    expect(outcomes.size).toBe(8);
    expect(sentLocalIds().filter((id) => many.includes(Number(id)))).toEqual([]);
  });

  test('an answer whose entries do not fit the receptors proves nothing', async () => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const entries = [{ messageid: 1, status: 1, receptor: '09350000000', cost: 1 }];
        response.end(JSON.stringify({ return: { status: 200, message: 'ok' }, entries }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = (await provider({ baseUrl: `http://127.0.0.1:${port}` }).send([item(1)], always)).get(1);
    expect(outcome).toEqual({ kind: 'unknown', code: 'kavenegar_entries' });
    server.close();
    server.closeAllConnections();
  });
});

describe('asking', () => {
  test('statuses by the provider’s ids; what it does not know is absent', async () => {
    const [a = 0] = ids(1);
    const outcome = (await provider().send([item(a)], always)).get(a);
    const id = outcome?.kind === 'accepted' ? (outcome.providerMessageId ?? '') : '';
    sandbox.sms.setStatus(Number(id), 11);
    expect(await provider().findStatuses([id, '77'])).toEqual(new Map([[id, 11]]));
  });

  test('after 12 hours the local id is forgotten', async () => {
    const [a = 0] = ids(1);
    await provider().send([item(a)], always);
    now += 13 * 3_600_000;
    expect(await provider().findByMessageIds([a])).toEqual(new Map());
  });

  test.each(['html502', 'hang', 'truncated', 409, 418] as const)('%s is no answer', async (behaviour) => {
    sandbox.sms.script.next(behaviour, { calls: 'status', times: 2 });
    const asked = provider(impatient(behaviour));
    expect(await asked.findByMessageIds([1])).toBeUndefined();
    expect(await asked.findStatuses(['1'])).toBeUndefined();
  });
});

describe('the address', () => {
  test.each(['http://api.kavenegar.com', 'http://localhost.evil.example', 'ftp://127.0.0.1', 'nonsense'])(
    '%s is refused',
    (baseUrl) => {
      expect(() => provider({ baseUrl })).toThrow(/must be https/);
    },
  );
  test.each(['https://api.kavenegar.com', 'http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'])(
    '%s is fine',
    (baseUrl) => {
      expect(() => provider({ baseUrl })).not.toThrow();
    },
  );
});
