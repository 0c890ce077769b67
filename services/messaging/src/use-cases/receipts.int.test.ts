import { CustomerConsentChanged, event, Topics } from '@vafa/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emailOf, type MessagingFixture, phoneOf, startMessaging } from '../test/messaging.fixture.ts';

let f: MessagingFixture;
beforeAll(async () => {
  f = await startMessaging();
});
afterAll(() => f?.stop());

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const CALLBACK = '/v1/receipts/kavenegar/callback-secret';
const call = (method: 'GET' | 'POST', url: string, payload?: unknown, headers: Record<string, string> = {}) =>
  f.h
    .http('messaging')
    .inject({ method, url, headers: { authorization: '', ...headers }, ...(payload === undefined ? {} : { payload }) });
const providerIdOf = async (requestId: string) =>
  String((await f.get(`/v1/requests/${requestId}`)).body.providerMessageId);
const sendOne = async (customerId: string, request: object = {}) => {
  await f.know(customerId);
  const [id = ''] = await f.ask({ customerId, ...request });
  return { id, providerId: await providerIdOf(id) };
};

describe('status callbacks', () => {
  test.each([
    [
      'a form by POST',
      (id: string) => call('POST', `${CALLBACK}/status`, `messageid=${id}&status=10&statustext=x`, form),
    ],
    ['query by GET', (id: string) => call('GET', `${CALLBACK}/status?messageid=${id}&status=10`)],
    ['JSON', (id: string) => call('POST', `${CALLBACK}/status`, { messageid: Number(id), status: 10 })],
    ['other names', (id: string) => call('GET', `${CALLBACK}/status?MessageId=${id}&Status=10`)],
  ])('%s', async (name, report) => {
    const { id, providerId } = await sendOne(`r-${name}`);
    expect((await report(providerId)).statusCode).toBe(200);
    await f.h.settle();
    expect([await f.outcome(id), await f.told(id)]).toEqual(['delivered', ['sent', 'delivered']]);
  });

  test('again, late and out of order', async () => {
    const { id, providerId } = await sendOne('r-order');
    for (const status of [4, 11, 11, 10, 11, 6, 10, 100, 4])
      await call('GET', `${CALLBACK}/status?messageid=${providerId}&status=${status}`);
    await f.h.settle();
    expect(await f.told(id)).toEqual(['sent', 'failed:undelivered', 'delivered']);
    const { body } = await f.get(`/v1/requests/${id}`);
    expect(body.history.map(({ state }) => state)).toEqual(['queued', 'sending', 'sent', 'undelivered', 'delivered']);
  });

  test('a recipient who blocks the line is not written to for that purpose again', async () => {
    const { id, providerId } = await sendOne('r-block', { purpose: 'service' });
    await call('GET', `${CALLBACK}/status?messageid=${providerId}&status=14`);
    await f.h.settle();
    expect(await f.told(id)).toEqual(['sent', 'failed:blocked_by_recipient']);
    const [club = '', receipt = ''] = await f.ask(
      { customerId: 'r-block', purpose: 'service' },
      { customerId: 'r-block' },
    );
    expect([await f.outcome(club), await f.outcome(receipt)]).toEqual(['suppressed:suppressed_address', 'sent']);
  });

  test('who does not know the path is nobody, and nonsense does no harm', async () => {
    const { id, providerId } = await sendOne('r-wrong');
    expect(
      (await call('GET', `/v1/receipts/kavenegar/wrong/status?messageid=${providerId}&status=10`)).statusCode,
    ).toBe(404);
    for (const query of ['', 'messageid=x&status=10', `messageid=${providerId}`, 'messageid=999999&status=10'])
      expect((await call('GET', `${CALLBACK}/status?${query}`)).statusCode).toBe(200);
    await f.h.settle();
    expect(await f.outcome(id)).toBe('sent');
  });
});

describe('asking for receipts', () => {
  test('every ten minutes, what the callback did not tell', async () => {
    const { id, providerId } = await sendOne('p1');
    f.sandbox.sms.setStatus(Number(providerId), 11);
    f.h.clock.advance('PT9M');
    await f.h.settle();
    expect(await f.outcome(id)).toBe('sent');
    f.h.clock.advance('PT2M');
    await f.h.settle();
    expect(await f.outcome(id)).toBe('undelivered:undelivered');
    f.sandbox.sms.setStatus(Number(providerId), 10);
    f.h.clock.advance('PT10M');
    await f.h.settle();
    expect([await f.outcome(id), await f.told(id)]).toEqual(['delivered', ['sent', 'failed:undelivered', 'delivered']]);
  });

  test('no longer than the provider remembers', async () => {
    const { id } = await sendOne('p2');
    f.h.clock.advance('P3D');
    await f.h.settle();
    expect([await f.outcome(id), (await f.get(`/v1/requests/${id}`)).body.dueAt]).toEqual(['sent', null]);
    f.h.clock.set('2026-11-28T08:00:00Z');
  });
});

const granted = async (customerId: string) => {
  const rows = await f.h.sql('messaging')<{ name: string }[]>`select channel || ' ' || purpose as name from consent
    where customer_id = ${customerId} and granted order by 1`;
  return rows.map(({ name }) => name);
};
const ALL = ['email promotional', 'email service', 'sms promotional', 'sms service'];

describe('the way out', () => {
  const reply = (customerId: string, message: string) =>
    call(
      'POST',
      `${CALLBACK}/inbound`,
      new URLSearchParams({
        from: phoneOf(customerId).replace('+98', '0'),
        to: '10008663',
        message,
        messageid: '1',
      }).toString(),
      form,
    );
  const unsubscribed = async (customerId: string) =>
    (await f.h.events(Topics.messages)).filter(
      ({ type, subject }) => type === 'message.unsubscribed' && subject === customerId,
    );

  test('11 stops club messages and advertisements by SMS, 12 brings them back, again does no harm', async () => {
    const { id } = await sendOne('x11', { purpose: 'service' });
    for (const text of ['11', '۱۱', 'لغو۱۱']) expect((await reply('x11', text)).statusCode).toBe(200);
    await f.h.settle();
    expect(await granted('x11')).toEqual(['email promotional', 'email service']);
    expect((await unsubscribed('x11')).map(({ data }) => data)).toMatchObject([
      { requestId: id, channel: 'sms', purpose: 'service' },
    ]);
    const [club = '', receipt = ''] = await f.ask({ customerId: 'x11', purpose: 'service' }, { customerId: 'x11' });
    expect([await f.outcome(club), await f.outcome(receipt)]).toEqual(['suppressed:no_consent', 'sent']);
    f.h.clock.advance('PT1S');
    await reply('x11', '12');
    expect(await granted('x11')).toEqual(ALL);
  });

  test('12 gives nothing that was not there before', async () => {
    await f.know('x12', {}, []);
    await reply('x12', '12');
    expect(await granted('x12')).toEqual([]);
  });

  test('an older consent that is imported later does not undo it, a newer one does', async () => {
    await f.know('x13');
    await reply('x13', '11');
    const grant = (time: Temporal.Instant) =>
      event(
        CustomerConsentChanged,
        { id: `g-${time}`, source: '/test', time },
        {
          ...{ customerId: 'x13', channel: 'sms', purpose: 'service', granted: true, consentSource: 'import' },
        },
      );
    await f.h.publish([grant(f.h.clock.now().subtract({ hours: 1 }))]);
    await f.h.settle();
    expect(await granted('x13')).not.toContain('sms service');
    await f.h.publish([grant(f.h.clock.now().add({ seconds: 1 }))]);
    await f.h.settle();
    expect(await granted('x13')).toContain('sms service');
  });

  test('a number nobody has is remembered before an import brings it', async () => {
    await reply('x14', 'لغو');
    await f.know('x14');
    const [club = ''] = await f.ask({ customerId: 'x14', purpose: 'service' });
    expect(await f.outcome(club)).toBe('suppressed:suppressed_address');
    await reply('x14', '12');
    expect(await f.outcome((await f.ask({ customerId: 'x14', purpose: 'service' }))[0] ?? '')).toBe('sent');
  });

  test('the link in an e-mail: looking does nothing, one click is enough, for this purpose only', async () => {
    await sendOne('x15', { channel: 'email', purpose: 'promotional' });
    const mail = f.sandbox.mail.records().find(({ envelopeTo }) => envelopeTo.includes(emailOf('x15')));
    const header = mail?.headers.find(({ name }) => name === 'list-unsubscribe')?.value.replace(/\s/g, '') ?? '';
    const path = new URL(header.slice(1, -1)).pathname;
    const page = await call('GET', path);
    expect([page.statusCode, page.body.includes('<form method="post">')]).toEqual([200, true]);
    expect(await granted('x15')).toEqual(ALL);
    for (const body of ['List-Unsubscribe=One-Click', 'List-Unsubscribe=One-Click']) {
      const answer = await call('POST', path, body, form);
      expect([answer.statusCode, answer.headers.location]).toEqual([200, undefined]);
    }
    const multipart = '--b\r\ncontent-disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--';
    expect(
      (await call('POST', path, multipart, { 'content-type': 'multipart/form-data; boundary=b' })).statusCode,
    ).toBe(200);
    await f.h.settle();
    expect(await granted('x15')).toEqual(ALL.filter((each) => each !== 'email promotional'));
    expect(await unsubscribed('x15')).toHaveLength(1);
  });

  test('a link that we did not make', async () => {
    for (const token of ['1.xxxxxxxxxxxxxxxxxxxxxx', 'nonsense', '1', '%00']) {
      expect((await call('GET', `/u/${token}`)).statusCode).toBe(404);
      expect((await call('POST', `/u/${token}`, 'List-Unsubscribe=One-Click', form)).statusCode).toBe(404);
    }
  });
});
