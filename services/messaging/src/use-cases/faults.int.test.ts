import { CustomerErased, event } from '@vafa/contracts';
import type { SmsBehaviourKind } from '@vafa/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { partsOf } from '../parts.ts';
import {
  emailOf,
  LEASE_MS,
  type MessagingFixture,
  startMessaging,
  TIMEOUT_MS,
  UNKNOWN_WAIT_MS,
} from '../test/messaging.fixture.ts';
import { claimMessages } from './claim-messages.ts';

let f: MessagingFixture;
beforeAll(async () => {
  f = await startMessaging();
});
afterEach(() => {
  f.sandbox.sms.script.calm();
  f.sandbox.mail.script.calm();
});
afterAll(() => f?.stop());

const pass = async (milliseconds: number) => {
  f.h.clock.advance({ milliseconds });
  await f.h.settle();
};
const statesOf = async (requestId: string) =>
  (await f.get(`/v1/requests/${requestId}`)).body.history.map(({ state }) => state);

describe('the SMS provider breaks off', () => {
  test.each([
    ['acceptThen500', true],
    ['acceptThenHang', true],
    ['acceptThenReset', true],
    ['truncated', true],
    ['html502', false],
    ['hang', false],
    ['resetBeforeAccept', false],
  ] satisfies [SmsBehaviourKind, boolean][])('%s: asked first, then sent exactly once', async (behaviour, taken) => {
    const customerId = `u-${behaviour}`;
    await f.know(customerId);
    f.sandbox.sms.script.next(behaviour);
    const [id = ''] = await f.ask({ customerId });
    expect([await f.outcome(id), await f.taken(id)]).toEqual([expect.stringMatching(/^unknown:/), taken ? 1 : 0]);
    // Before the wait is over nobody asks: the request might still be on its way.
    await pass(UNKNOWN_WAIT_MS - 1);
    expect(await f.outcome(id)).toMatch(/^unknown:/);
    await pass(1);
    expect([await f.outcome(id), await f.taken(id), await f.told(id)]).toEqual(['sent', 1, ['sent']]);
    expect(await statesOf(id)).toEqual(
      taken ? ['queued', 'sending', 'unknown', 'sent'] : ['queued', 'sending', 'unknown', 'queued', 'sending', 'sent'],
    );
  });

  test('no answer to the question either: asked again until there is one', async () => {
    await f.know('u-twice');
    f.sandbox.sms.script.next('acceptThen500');
    f.sandbox.sms.script.next('html502', { calls: 'status', times: 2 });
    const [id = ''] = await f.ask({ customerId: 'u-twice' });
    for (let question = 0; question < 3; question += 1) {
      expect(await f.outcome(id)).toMatch(/^unknown:/);
      await pass(UNKNOWN_WAIT_MS + TIMEOUT_MS);
    }
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['sent', 1]);
  });

  test('what was delivered meanwhile is sent and delivered', async () => {
    await f.know('u-late');
    f.sandbox.sms.script.next('acceptThen500');
    const [id = ''] = await f.ask({ customerId: 'u-late' });
    f.sandbox.sms.setStatus(f.sandbox.sms.records().at(-1)?.messageId ?? 0, 10);
    await pass(UNKNOWN_WAIT_MS);
    expect([await f.outcome(id), await f.told(id)]).toEqual(['delivered', ['sent', 'delivered']]);
  });

  test('beyond the window of the question nothing is sent blindly: an operator decides', async () => {
    await f.know('u-old');
    f.sandbox.sms.script.next('acceptThen500');
    const [id = '', other = ''] = await f.ask({ customerId: 'u-old' }, { customerId: 'u-old', params: { points: 5 } });
    for (const hours of [13, 11]) await pass(hours * 3_600_000);
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['unknown:unknown_outcome', 1]);
    const { body: channels } = await f.get('/v1/channels');
    expect((channels.channels as { channel: string; held: number }[])[0]).toMatchObject({ channel: 'sms', held: 2 });
    const resolve = async (requestId: string, outcome: string) => {
      const { body } = await f.get(`/v1/requests/${requestId}`);
      return f.h
        .http('messaging')
        .inject({ method: 'POST', url: `/v1/messages/${body.id}/resolve`, payload: { outcome } });
    };
    expect((await resolve(id, 'sent')).statusCode).toBe(200);
    expect((await resolve(other, 'failed')).statusCode).toBe(200);
    await f.h.settle();
    expect([await f.told(id), await f.told(other)]).toEqual([['sent'], ['failed:unknown_outcome']]);
    expect((await resolve(id, 'resend')).json()).toMatchObject({ status: 409, code: 'messaging.outcome_known' });
  });
});

test('of an erased customer no answer about a message is kept, and nothing is decided again', async () => {
  await f.know('u-gone');
  f.sandbox.sms.script.next('acceptThen500');
  const [id = ''] = await f.ask({ customerId: 'u-gone' });
  for (const hours of [13, 11]) await pass(hours * 3_600_000);
  const { body } = await f.get(`/v1/requests/${id}`);
  const url = `/v1/messages/${body.id}/resolve`;
  const resolve = () =>
    f.h.http('messaging').inject({
      ...{ method: 'POST', url, payload: { outcome: 'sent' } },
      headers: { 'idempotency-key': 'decided' },
    });
  expect([(await resolve()).statusCode, (await resolve()).statusCode]).toEqual([200, 200]);
  const time = f.h.clock.now().toString();
  await f.h.publish([event(CustomerErased, { id: 'erased-u-gone', source: '/test', time }, { customerId: 'u-gone' })]);
  await f.h.settle();
  expect(await f.h.sql('messaging')`select 1 from idempotency_key k where k::text ~ 'u-gone'`).toEqual([]);
  expect((await resolve()).json()).toMatchObject({ status: 409, code: 'http.answer_forgotten' });
});

describe('a process dies between the claim and the booking', () => {
  const claim = () =>
    f.h.sql('messaging').begin((tx) =>
      claimMessages(
        tx,
        { channel: 'sms', urgent: true, limit: 10 },
        {
          policy: partsOf(f.h.service('messaging').context as never).defaultPolicy,
          ...{ leaseMs: LEASE_MS, defaultTimeZone: 'Asia/Tehran', defaultLocale: 'fa', optOutSuffix: true },
          ...{ publicBaseUrl: 'https://shop.example', linkSecret: 'x', onMissing: () => undefined },
        },
        f.h.clock.now(),
      ),
    );
  /** Books the request, but lets nothing be sent yet. */
  const putQueued = async (customerId: string) => {
    await f.know(customerId);
    const [id = ''] = await f.put({ customerId });
    return id;
  };

  test('before the call: sent once, after the lease', async () => {
    const id = await putQueued('crash1');
    expect((await claim()).claimed).toMatchObject([{ requestId: id, attempts: 1 }]);
    await pass(LEASE_MS - 1);
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['sending', 0]);
    await pass(1);
    expect([await f.outcome(id), await f.taken(id), await f.told(id)]).toEqual(['sent', 1, ['sent']]);
    expect(await statesOf(id)).toEqual(['queued', 'sending', 'unknown', 'queued', 'sending', 'sent']);
  });

  test('after the call: the provider has it, and it is not sent again', async () => {
    const id = await putQueued('crash2');
    const { claimed } = await claim();
    const sms = partsOf(f.h.service('messaging').context as never).sms;
    const items = claimed.map((each) => ({ messageId: each.id, phone: each.address, text: each.rendered.text }));
    await sms?.send(items, { mayCall: () => true });
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['sending', 1]);
    await pass(LEASE_MS);
    expect([await f.outcome(id), await f.taken(id), await f.told(id)]).toEqual(['sent', 1, ['sent']]);
  });
});

describe('the SMS provider refuses', () => {
  test('409: again later with growing pauses, until it works', async () => {
    await f.know('later');
    f.sandbox.sms.script.next(409, { times: 3 });
    const [id = ''] = await f.ask({ customerId: 'later' });
    expect(await f.outcome(id)).toBe('queued:kavenegar_409');
    for (const seconds of [5, 10, 20]) await pass(seconds * 1_000);
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['sent', 1]);
  });

  test('409 until it expires: failed, with that reason', async () => {
    await f.know('too-late');
    f.sandbox.sms.script.next(409, { times: 9 });
    const expiresAt = f.h.clock.now().add({ seconds: 12 }).toString();
    const [id = ''] = await f.ask({ customerId: 'too-late', expiresAt });
    await pass(5_000);
    expect([await f.outcome(id), await f.told(id)]).toEqual(['failed:kavenegar_409', ['failed:kavenegar_409']]);
  });

  test('a bad number among good ones: it alone fails, and is not tried again', async () => {
    await f.know('bad', { phone: '+98211234567' });
    await f.know(['good1', 'good2', 'good3']);
    const ids = await f.ask(...['good1', 'bad', 'good2', 'good3'].map((customerId) => ({ customerId })));
    expect(await Promise.all(ids.map(f.outcome))).toEqual(['sent', 'failed:kavenegar_411', 'sent', 'sent']);
    expect(await Promise.all(ids.map(f.taken))).toEqual([1, 0, 1, 1]);
    const [again = ''] = await f.ask({ customerId: 'bad', purpose: 'otp' });
    expect(await f.outcome(again)).toBe('suppressed:suppressed_address');
    const address = { channel: 'sms', address: '+98211234567' };
    const suppressions = (action: string) =>
      f.h.http('messaging').inject({ method: 'POST', url: `/v1/suppressions/${action}`, payload: address });
    expect((await suppressions('find')).json().suppressions).toMatchObject([{ purpose: '*', reason: 'kavenegar_411' }]);
    expect((await suppressions('lift')).json()).toEqual({ lifted: 1 });
    expect((await suppressions('find')).json().suppressions).toEqual([]);
  });

  test('no credit: the channel pauses, nothing fails, one message tries the way, then all go', async () => {
    await f.know(['cr1', 'cr2', 'cr3']);
    f.sandbox.sms.script.next(418, { times: 2 });
    const before = f.sandbox.sms.script.counts().status;
    const ids = await f.ask(...['cr1', 'cr2', 'cr3'].map((customerId) => ({ customerId })));
    const all = () => Promise.all(ids.map(f.outcome));
    expect(new Set(await all())).toEqual(new Set(['queued:kavenegar_418']));
    const channel = async () => ((await f.get('/v1/channels')).body.channels as object[])[0];
    expect(await channel()).toMatchObject({ state: 'closed', reason: 'kavenegar_418', due: 3 });
    await f.h.settle();
    expect(f.sandbox.sms.script.counts().status - before).toBe(1);
    await pass(30_000);
    expect(f.sandbox.sms.script.counts().status - before).toBe(2);
    expect(await channel()).toMatchObject({ state: 'closed' });
    await pass(60_000);
    expect(await all()).toEqual(['sent', 'sent', 'sent']);
    expect(await channel()).toMatchObject({ state: 'open', reason: null, due: 0 });
    expect(await Promise.all(ids.map(f.taken))).toEqual([1, 1, 1]);
  });

  test('an operator opens the channel before its time', async () => {
    await f.know('op');
    f.sandbox.sms.script.next(403);
    const [id = ''] = await f.ask({ customerId: 'op' });
    expect(await f.outcome(id)).toBe('queued:kavenegar_403');
    const answer = await f.h.http('messaging').inject({ method: 'POST', url: '/v1/channels/sms/open' });
    expect(answer.json().channels[0]).toMatchObject({ state: 'open' });
    await f.h.settle();
    expect(await f.outcome(id)).toBe('sent');
    const audit = await f.h.sql('messaging')`select subject, before from admin_change where subject = 'channel/sms'`;
    expect(audit).toMatchObject([{ before: { state: 'paused' } }]);
  });
});

describe('SMTP', () => {
  const mail = { channel: 'email' } as const;

  test.each([
    ['transactional', 'acceptThenDrop', 'sent', 2],
    ['transactional', 'hang', 'sent', 1],
    ['promotional', 'acceptThenDrop', 'failed:unknown_outcome', 1],
    ['service', 'hang', 'failed:unknown_outcome', 0],
  ] as const)('%s after %s: %s, taken %i times', async (purpose, behaviour, outcome, taken) => {
    const customerId = `m-${purpose}-${behaviour}`.toLowerCase();
    await f.know(customerId);
    f.sandbox.mail.script.forRecipient(emailOf(customerId), behaviour, { times: 1 });
    const [id = ''] = await f.ask({ customerId, ...mail, purpose });
    expect(await f.outcome(id)).toMatch(/^unknown:/);
    await pass(UNKNOWN_WAIT_MS);
    expect([await f.outcome(id), await f.taken(id), await f.told(id)]).toEqual([outcome, taken, [outcome]]);
    const ids = f.sandbox.mail.records().filter(({ envelopeTo }) => envelopeTo.includes(emailOf(customerId)));
    expect(new Set(ids.map(({ messageId }) => messageId)).size).toBeLessThanOrEqual(1);
  });

  test('a receipt that breaks off twice has failed: it is not sent a third time', async () => {
    await f.know('m-thrice');
    f.sandbox.mail.script.forRecipient(emailOf('m-thrice'), 'acceptThenDrop');
    const [id = ''] = await f.ask({ customerId: 'm-thrice', ...mail });
    for (let wait = 0; wait < 3; wait += 1) await pass(UNKNOWN_WAIT_MS);
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['failed:unknown_outcome', 2]);
  });

  test('refused for a while: again later', async () => {
    await f.know('m-greylist');
    f.sandbox.mail.script.forRecipient(emailOf('m-greylist'), 451, { times: 1 });
    const [id = ''] = await f.ask({ customerId: 'm-greylist', ...mail });
    expect(await f.outcome(id)).toBe('queued:smtp_4.3.0');
    await pass(5_000);
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['sent', 1]);
  });

  test('no such mailbox: failed, and the address is not written to again', async () => {
    await f.know('m-gone');
    f.sandbox.mail.script.forRecipient(emailOf('m-gone'), 550);
    const [id = ''] = await f.ask({ customerId: 'm-gone', ...mail });
    const [again = ''] = await f.ask({ customerId: 'm-gone', ...mail });
    expect([await f.outcome(id), await f.outcome(again)]).toEqual([
      'failed:smtp_5.1.1',
      'suppressed:suppressed_address',
    ]);
    const keys = await f.h.sql('messaging')`select * from suppressed_address where channel = 'email'`;
    expect(JSON.stringify(keys)).not.toContain('m-gone');
  });

  test('cut off before the message itself: not sent, so it goes again even if it is an advertisement', async () => {
    await f.know('m-cut');
    f.sandbox.mail.script.forRecipient(emailOf('m-cut'), 'dropBeforeData', { times: 1 });
    const [id = ''] = await f.ask({ customerId: 'm-cut', ...mail, purpose: 'promotional' });
    await pass(5_000);
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['sent', 1]);
  });
});

describe('random trouble', () => {
  test('of a hundred SMS, each is taken exactly once, by the provider’s own record', async () => {
    const customers = Array.from({ length: 20 }, (_, i) => `chaos${i}`);
    await f.know(customers);
    f.sandbox.setChaos({
      ...{ seed: 7, rejectRate: 0.1, html502Rate: 0.1, resetBeforeAcceptRate: 0.1, truncatedRate: 0.1 },
      ...{ acceptThen500Rate: 0.15, acceptThenResetRate: 0.15 },
    });
    const ids: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      ids.push(...(await f.ask(...customers.map((customerId) => ({ customerId, params: { points: round } })))));
      await pass(7_000);
    }
    f.sandbox.sms.script.calm();
    for (let wait = 0; wait < 8; wait += 1) await pass(60_000);
    const taken = await Promise.all(ids.map(f.taken));
    expect(taken.filter((times) => times !== 1)).toEqual([]);
    expect(ids).toHaveLength(100);
    const counts = f.sandbox.sms.script.counts();
    expect(counts.acceptThen500 + counts.acceptThenReset + counts.truncated).toBeGreaterThan(0);
    const told = await Promise.all(ids.map(f.told));
    expect(told.filter((events) => events.filter((each) => each === 'sent').length !== 1)).toEqual([]);
  });
});
