import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, send } from '../kavenegar-calls.fixture.ts';
import { type Sandbox, startSandbox } from '../start-sandbox.ts';

const hourMs = 3_600_000;
let sandbox: Sandbox;
let nowMs: number;

beforeEach(async () => {
  nowMs = 1_800_000_000_000;
  sandbox = await startSandbox({ now: () => nowMs, sentAfterMs: 100, deliveredAfterMs: 1_000 });
});
afterEach(() => sandbox.stop());

describe('sms/send', () => {
  it('answers with the envelope and one entry per receptor, in order', async () => {
    const response = await fetch(`${sandbox.smsUrl}/v1/sandbox/sms/send.json`, {
      method: 'POST',
      body: new URLSearchParams({ receptor: '09121234567,+989351112233', message: 'سلام، خوش آمدید', localid: '7,8' }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      return: { status: 200, message: 'تایید شد' },
      entries: ['09121234567', '09351112233'].map((receptor, index) => ({
        messageid: 1_000_000_000 + index,
        message: 'سلام، خوش آمدید',
        status: 1,
        statustext: 'در صف ارسال',
        sender: '10000000',
        receptor,
        date: 1_800_000_000,
        cost: 1_500,
      })),
    });
    expect(sandbox.sms.records()).toMatchObject([
      { messageId: 1_000_000_000, localId: '7', receptor: '09121234567', parts: 1, encoding: 'ucs2' },
      { messageId: 1_000_000_001, localId: '8', receptor: '09351112233' },
    ]);
  });

  it('is heard over GET too, with a percent-encoded +', async () => {
    const query = new URLSearchParams({ receptor: '+989121234567', message: 'hi' });
    const response = await fetch(`${sandbox.smsUrl}/v1/sandbox/sms/send.json?${query}`);
    expect(response.status).toBe(200);
    expect(sandbox.sms.records()).toHaveLength(1);
  });

  it('gives the first record again for a repeated localid, also within one call', async () => {
    const first = await send(sandbox, '42');
    const again = await send(sandbox, '42', { message: 'another text' });
    expect(again.entries).toEqual(first.entries);
    const twice = await send(sandbox, '43,43', { receptor: '09121234567,09121234567' });
    expect(twice.entries[0].messageid).toBe(twice.entries[1].messageid);
    expect(sandbox.sms.records().map(({ localId }) => localId)).toEqual(['42', '43']);
  });

  it('sends a repeated localid again when it does not dedupe, and looks up the newest', async () => {
    sandbox.sms.setDedupe(false);
    await send(sandbox, '42');
    const second = await send(sandbox, '42');
    expect(sandbox.sms.records().map(({ localId }) => localId)).toEqual(['42', '42']);
    const found = await call(sandbox, 'sms/statuslocalmessageid', { localid: '42' });
    expect(found.entries[0].messageid).toBe(second.entries[0].messageid);
  });

  it.each([
    ['no receptor', { receptor: '' }, 406],
    ['an invalid receptor among good ones', { receptor: '09121234567,123', localid: '1,2' }, 411],
    ['an empty message', { message: '' }, 413],
    ['1,801 characters', { message: 'س'.repeat(1_801) }, 413],
    ['201 receptors', { receptor: Array(201).fill('09121234567').join(), localid: '' }, 414],
    ['fewer localids than receptors', { receptor: '09121234567,09121234568' }, 419],
    ['a UUID as localid', { localid: '6f1c2b9e-6f1d-4a55-b7cb-4ee3a1e5b7a4' }, 400],
    ['a localid beyond 64 bits', { localid: '9223372036854775808' }, 400],
    ['a sender that is no line', { sender: 'Vafa' }, 412],
    ['a date of yesterday', { date: '1799913600' }, 417],
    ['a tag with a blank', { tag: 'my tag' }, 607],
    ['a control character', { message: 'a\u0001b' }, 422],
  ])('refuses %s', async (_what, fields, status) => {
    expect(await send(sandbox, '1', fields as Record<string, string>)).toMatchObject({ status, entries: null });
    expect(sandbox.sms.records()).toEqual([]);
  });

  it('takes 200 receptors, the largest localid and 1,800 characters', async () => {
    expect((await send(sandbox, '9223372036854775807', { message: 'س'.repeat(1_800) })).status).toBe(200);
    const receptor = Array.from({ length: 200 }, (_, index) => `0912${1_000_000 + index}`).join();
    expect((await send(sandbox, '', { receptor })).entries).toHaveLength(200);
  });

  it('refuses arrays written as repeated names, as the npm client writes them', async () => {
    const body = 'receptor=09121234567&receptor=09121234568&message=hi';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(`${sandbox.smsUrl}/v1/sandbox/sms/send.json`, { method: 'POST', body, headers });
    expect(response.status).toBe(400);
  });

  it('refuses with 418 when the credit is too small, and charges what it accepts', async () => {
    sandbox.sms.setCreditRial(4_000);
    await send(sandbox, '1');
    expect((await call(sandbox, 'account/info')).entries.remaincredit).toBe(2_500);
    await send(sandbox, '2');
    expect(await send(sandbox, '3')).toMatchObject({ http: 418, status: 418 });
    // What was sent already costs nothing more.
    expect((await send(sandbox, '1')).status).toBe(200);
  });
});

describe('sms/sendarray', () => {
  const arrays = {
    receptor: JSON.stringify(['09121234567', '09121234568']),
    sender: JSON.stringify(['10004346', '10004346']),
    message: JSON.stringify(['سلام', 'hello']),
  };

  it('sends each its own text and knows localmessageids', async () => {
    const fields = { ...arrays, localmessageids: '[11,"12"]' };
    const answer = await call(sandbox, 'sms/sendarray', fields);
    expect(answer.entries).toMatchObject([
      { message: 'سلام', sender: '10004346', cost: 1_500 },
      { message: 'hello', cost: 3_600 },
    ]);
    await call(sandbox, 'sms/sendarray', fields);
    expect(sandbox.sms.records().map(({ localId }) => localId)).toEqual(['11', '12']);
  });

  it('ignores a wrong name of the localids, and so loses the protection, as the real one does', async () => {
    const fields = { ...arrays, localmessageid: '[11,12]' };
    await call(sandbox, 'sms/sendarray', fields);
    await call(sandbox, 'sms/sendarray', fields);
    expect(sandbox.sms.records()).toHaveLength(4);
  });

  it.each([
    ['csv in place of JSON', { receptor: '09121234567,09121234568' }, 400],
    ['unequal lengths', { sender: '["10004346"]' }, 419],
    ['unequal localids', { localmessageids: '[1]' }, 419],
    ['no receptors', { receptor: '[]' }, 406],
    ['nested arrays', { message: '[["a"],["b"]]' }, 400],
  ])('refuses %s', async (_what, fields, status) => {
    expect((await call(sandbox, 'sms/sendarray', { ...arrays, ...(fields as object) })).status).toBe(status);
  });

  it('is heard over POST only', async () => {
    const response = await fetch(`${sandbox.smsUrl}/v1/sandbox/sms/sendarray.json`);
    expect(response.status).toBe(405);
  });
});

describe('look-ups', () => {
  const statusOf = async (name: 'messageid' | 'localid', id: string) => {
    const method = name === 'localid' ? 'sms/statuslocalmessageid' : 'sms/status';
    return (await call(sandbox, method, { [name]: id })).entries[0].status;
  };

  it('walk from 1 over 4 to 10', async () => {
    const id = String((await send(sandbox, '1')).entries[0].messageid);
    expect(await statusOf('messageid', id)).toBe(1);
    nowMs += 100;
    expect(await statusOf('messageid', id)).toBe(4);
    nowMs += 1_000;
    expect(await statusOf('messageid', id)).toBe(10);
    expect((await call(sandbox, 'sms/statuslocalmessageid', { localid: '1' })).entries).toEqual([
      { messageid: Number(id), localid: '1', status: 10, statustext: 'رسیده به گیرنده' },
    ]);
  });

  it('hold a scheduled message at 2 until its time', async () => {
    await send(sandbox, '1', { date: String(nowMs / 1_000 + 60) });
    expect(await statusOf('localid', '1')).toBe(2);
    nowMs += 60_000;
    expect(await statusOf('localid', '1')).toBe(1);
  });

  it('answer 100 for unknown ids, after 12 h for localids, after 48 h for message ids', async () => {
    const id = String((await send(sandbox, '1')).entries[0].messageid);
    expect(await statusOf('messageid', '5')).toBe(100);
    expect((await call(sandbox, 'sms/statuslocalmessageid', { localid: '5' })).entries).toMatchObject([
      { messageid: 0, localid: '5', status: 100 },
    ]);
    nowMs += 12 * hourMs;
    expect(await statusOf('localid', '1')).toBe(10);
    nowMs += 1;
    expect(await statusOf('localid', '1')).toBe(100);
    nowMs += 36 * hourMs - 1;
    expect(await statusOf('messageid', id)).toBe(10);
    nowMs += 1;
    expect(await statusOf('messageid', id)).toBe(100);
  });

  it('take 500 ids and no more, and only whole numbers', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1).join();
    expect((await call(sandbox, 'sms/status', { messageid: ids(500) })).entries).toHaveLength(500);
    expect((await call(sandbox, 'sms/status', { messageid: ids(501) })).status).toBe(414);
    expect((await call(sandbox, 'sms/status', { messageid: 'abc' })).status).toBe(400);
    expect((await call(sandbox, 'sms/status')).status).toBe(406);
  });

  it('tell the delivery that was scripted, or set by hand', async () => {
    sandbox.sms.script.next({ kind: 'ok', delivery: 'undelivered' });
    const id = (await send(sandbox, '1')).entries[0].messageid;
    nowMs += 2_000;
    expect(await statusOf('localid', '1')).toBe(11);
    sandbox.sms.setStatus(id, 10);
    expect(await statusOf('localid', '1')).toBe(10);
  });
});

describe('account and paths', () => {
  it('keeps the settings', async () => {
    const answer = await call(sandbox, 'account/config', { mincreditalarm: '1000', debugmode: 'enabled' });
    expect(answer.entries).toMatchObject({ mincreditalarm: '1000', debugmode: 'enabled', defaultsender: '10000000' });
    expect((await call(sandbox, 'account/config', { debugmode: 'maybe' })).status).toBe(400);
    expect((await call(sandbox, 'account/config')).entries.debugmode).toBe('enabled');
  });

  it('refuses a wrong key, an unknown method, XML, and reads no JSON body', async () => {
    expect(await call(sandbox, 'sms/send', {}, 'wrong')).toMatchObject({ http: 403, status: 403 });
    expect((await call(sandbox, 'sms/unknown')).status).toBe(404);
    expect((await fetch(`${sandbox.smsUrl}/v1/sandbox/sms/send.xml`)).status).toBe(404);
    expect((await fetch(`${sandbox.smsUrl}/elsewhere`)).status).toBe(404);
    const response = await fetch(`${sandbox.smsUrl}/v1/sandbox/sms/send.json`, {
      method: 'POST',
      body: JSON.stringify({ receptor: '09121234567', message: 'hi' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(406);
  });

  it('tells the time without a key', async () => {
    expect((await call(sandbox, 'utils/getdate', {}, '0')).entries).toMatchObject({
      year: 2027,
      unixtime: 1_800_000_000,
    });
  });
});
