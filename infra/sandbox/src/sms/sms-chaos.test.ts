import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SmsBehaviourInput } from '../chaos/sms-behaviour.ts';
import { call, send } from '../kavenegar-calls.fixture.ts';
import { type Sandbox, startSandbox } from '../start-sandbox.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

const localIds = () => sandbox.sms.records().map(({ localId }) => localId);

/** What a client sees of one send: the status, or how the connection failed. */
const outcome = async (localId: string, timeoutMs = 20_000): Promise<string> => {
  try {
    const response = await fetch(`${sandbox.smsUrl}/v1/sandbox/sms/send.json`, {
      method: 'POST',
      body: new URLSearchParams({ receptor: '09121234567', message: 'سلام', localid: localId }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (response.headers.get('content-type')?.startsWith('text/html')) return `html ${response.status}`;
    return `json ${response.status} ${JSON.parse(text).return.status}`;
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } };
    return name === 'TimeoutError' ? 'no answer' : `broken ${cause?.code}`;
  }
};

describe('a scripted behaviour', () => {
  it.each<[SmsBehaviourInput, string, boolean]>([
    ['ok', 'json 200 200', true],
    [409, 'json 409 409', false],
    [418, 'json 418 418', false],
    [411, 'json 411 411', false],
    [451, 'json 451 451', false],
    [607, 'json 400 607', false],
    [{ kind: 'status', status: 402, httpStatus: 200 }, 'json 200 402', false],
    ['html502', 'html 502', false],
    ['hang', 'no answer', false],
    ['resetBeforeAccept', 'broken ECONNRESET', false],
    ['truncated', 'broken UND_ERR_SOCKET', true],
    ['acceptThen500', 'html 500', true],
    ['acceptThenHang', 'no answer', true],
    ['acceptThenReset', 'broken ECONNRESET', true],
  ])('%o', async (behaviour, seen, accepted) => {
    sandbox.sms.script.next(behaviour);
    expect(await outcome('1', seen === 'no answer' ? 500 : undefined)).toBe(seen);
    expect(localIds()).toEqual(accepted ? ['1'] : []);
    // It is played once: the next try goes through, and finds what was accepted.
    const retried = await send(sandbox, '1');
    expect(retried.status).toBe(200);
    expect(localIds()).toEqual(['1']);
  });

  it('lets an unknown outcome be settled by the localid', async () => {
    sandbox.sms.script.next('hang');
    sandbox.sms.script.next('acceptThenReset');
    await outcome('1', 500);
    await outcome('2');
    const { entries } = await call(sandbox, 'sms/statuslocalmessageid', { localid: '1,2' });
    expect(entries).toMatchObject([{ status: 100 }, { status: 1 }]);
  });

  it('waits for its sort of call', async () => {
    sandbox.sms.script.next(409, { calls: 'status' });
    sandbox.sms.script.next(403, { calls: 'account', times: 2 });
    expect((await send(sandbox, '1')).status).toBe(200);
    expect((await call(sandbox, 'sms/status', { messageid: '1' })).status).toBe(409);
    expect((await call(sandbox, 'account/info')).status).toBe(403);
    expect((await call(sandbox, 'account/info')).status).toBe(403);
    expect((await call(sandbox, 'account/info')).status).toBe(200);
    expect(sandbox.sms.script.counts()).toMatchObject({ ok: 2, status: 3 });
  });

  it('refuses a bad call in spite of accept-then-500', async () => {
    sandbox.sms.script.next('acceptThen500');
    const response = await fetch(`${sandbox.smsUrl}/v1/sandbox/sms/send.json?receptor=1&message=a`);
    expect(response.status).toBe(500);
    expect(localIds()).toEqual([]);
  });
});

describe('random chaos', () => {
  const chaos = { rejectRate: 0.2, acceptThen500Rate: 0.2, undeliveredRate: 0.5, seed: 7 };
  const play = async (count: number) => {
    const seen: string[] = [];
    for (let index = 1; index <= count; index += 1) seen.push(await outcome(String(index)));
    return seen;
  };

  it('is the same again for the same seed, and near its rates', async () => {
    sandbox.sms.script.random(chaos);
    const first = await play(200);
    sandbox.sms.script.random(chaos);
    expect(await play(200)).toEqual(first);
    const share = (what: string) => first.filter((seen) => seen === what).length / first.length;
    expect(share('json 409 409')).toBeCloseTo(0.2, 1);
    expect(share('html 500')).toBeCloseTo(0.2, 1);
    const undelivered = sandbox.sms.records().filter(({ delivery }) => delivery === 'undelivered').length;
    expect(undelivered / sandbox.sms.records().length).toBeCloseTo(0.5, 1);
  });

  it('spares status calls unless told, and ends with calm', async () => {
    sandbox.sms.script.random({ rejectRate: 1 });
    expect((await send(sandbox, '1')).status).toBe(409);
    expect((await call(sandbox, 'sms/status', { messageid: '1' })).status).toBe(200);
    sandbox.sms.script.random({ rejectRate: 1, rejectStatus: 451, statusCallsToo: true });
    expect((await call(sandbox, 'sms/status', { messageid: '1' })).status).toBe(451);
    sandbox.sms.script.calm();
    expect((await send(sandbox, '1')).status).toBe(200);
  });

  it('refuses rates that are no shares of 1', () => {
    expect(() => sandbox.sms.script.random({ rejectRate: 0.6, hangRate: 0.6 })).toThrow(RangeError);
    expect(() => sandbox.sms.script.random({ rejectRate: -0.1 })).toThrow(RangeError);
    expect(() => sandbox.setChaos({ mail: { hangRate: Number.NaN } })).toThrow(RangeError);
  });
});

it('stops while calls hang', async () => {
  sandbox.sms.script.next('hang');
  const hanging = fetch(`${sandbox.smsUrl}/v1/sandbox/sms/send.json`).then(
    () => 'answered',
    () => 'cut off',
  );
  while (sandbox.sms.script.counts().hang === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([sandbox.stop(), sandbox.stop()]);
  expect(await hanging).toBe('cut off');
  sandbox = await startSandbox();
});
