import { Topics } from '@vafa/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { emailOf, type MessagingFixture, phoneOf, startMessaging } from '../test/messaging.fixture.ts';

let f: MessagingFixture;
beforeAll(async () => {
  f = await startMessaging();
});
afterEach(() => {
  f.sandbox.sms.script.calm();
  f.sandbox.mail.script.calm();
});
afterAll(() => f?.stop());

describe('a message on its way', () => {
  test('SMS: in the customer’s language, once, with its history and the event that says so', async () => {
    await f.know('s1');
    await f.know('s2', { locale: 'en-GB', name: 'Ann' });
    const [fa = '', en = ''] = await f.ask({ customerId: 's1' }, { customerId: 's2', params: { points: 1200 } });
    const textOf = (customerId: string) =>
      f.sandbox.sms.records().find(({ receptor }) => receptor === phoneOf(customerId).replace('+98', '0'))?.text;
    expect(textOf('s1')).toBe('سارا عزیز، ۱۲۰ امتیاز گرفتید.');
    expect(textOf('s2')).toBe('Dear Ann, you earned 1,200 points.');
    expect([await f.outcome(fa), await f.taken(fa), await f.taken(en)]).toEqual(['sent', 1, 1]);
    const { body } = await f.get(`/v1/requests/${fa}`);
    expect(body.history.map(({ state }) => state)).toEqual(['queued', 'sending', 'sent']);
    expect(body).toMatchObject({ customerId: 's1', text: 'سارا عزیز، ۱۲۰ امتیاز گرفتید.', segments: 1, locale: 'fa' });
    expect(body.to).not.toBe(phoneOf('s1'));
    const sent = (await f.h.events(Topics.messages)).find(
      ({ data }) => (data as { requestId: string }).requestId === fa,
    );
    expect(sent).toMatchObject({
      type: 'message.sent',
      subject: 's1',
      data: {
        channel: 'sms',
        purpose: 'transactional',
        templateId: 'points',
        cause: { kind: 'campaign', id: 'welcome', triggerId: 't1' },
      },
    });
  });

  test('e-mail: right to left for Persian, a way out only where there must be one', async () => {
    await f.know('e1');
    const [plain = '', promotional = ''] = await f.ask(
      { customerId: 'e1', channel: 'email' },
      { customerId: 'e1', channel: 'email', purpose: 'promotional' },
    );
    expect([await f.taken(plain), await f.taken(promotional)]).toEqual([1, 1]);
    const mails = f.sandbox.mail.records().filter(({ envelopeTo }) => envelopeTo.includes(emailOf('e1')));
    expect(mails.map(({ subject }) => subject)).toEqual(['امتیاز شما', 'امتیاز شما']);
    expect(mails[0]?.html).toContain('dir="rtl"');
    const wayOut = mails.map(({ headers }) =>
      headers.find(({ name }) => name === 'list-unsubscribe')?.value.replace(/\s/g, ''),
    );
    expect(wayOut[0]).toBeUndefined();
    expect(wayOut[1]).toMatch(/^<https:\/\/shop\.example\/u\/[\w.-]+>$/);
  });

  test('the same request again, in the same batch and later, is sent once', async () => {
    await f.know('d1');
    const again = { customerId: 'd1', requestId: 'campaign:a:c/1 سلام:x?y:sms' };
    await f.ask(again, again, again);
    await f.ask(again);
    const { requestId } = again;
    expect([await f.outcome(requestId), await f.taken(requestId), await f.told(requestId)]).toEqual([
      'sent',
      1,
      ['sent'],
    ]);
  });

  test('a request before its customer waits for it', async () => {
    const [id = ''] = await f.ask({ customerId: 'late' });
    expect(await f.outcome(id)).toBe('404');
    expect(await f.h.deadLetters('messaging')).toMatchObject([
      { status: 'waiting', errorCode: 'messaging.customer_unknown' },
    ]);
    await f.know('late');
    f.h.clock.advance('PT1S');
    await f.h.settle();
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['sent', 1]);
  });

  test('a club message by SMS ends with the word that stops it', async () => {
    await f.know('w1');
    await f.ask({ customerId: 'w1', purpose: 'service' });
    expect(f.sandbox.sms.records().at(-1)?.text).toBe('سارا عزیز، ۱۲۰ امتیاز گرفتید.\nلغو11');
  });

  test('a template for advertisements is one, whatever the request calls it', async () => {
    const payload = { body: 'حراج!', purpose: 'promotional' };
    await f.h.http('messaging').inject({ method: 'PUT', url: '/v1/templates/sale/sms/fa', payload });
    await f.know('t1', {}, []);
    const [id = ''] = await f.ask({ customerId: 't1', templateId: 'sale', purpose: 'transactional' });
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['suppressed:no_consent', 0]);
  });

  test('one-time codes are sent but not kept', async () => {
    await f.h
      .http('messaging')
      .inject({ method: 'PUT', url: '/v1/templates/code/sms/fa', payload: { body: 'کد: {{ code }}' } });
    await f.know('o1', {}, []);
    const [id = ''] = await f.ask({ customerId: 'o1', templateId: 'code', purpose: 'otp', params: { code: '482913' } });
    expect(f.sandbox.sms.records().at(-1)?.text).toBe('کد: 482913');
    const rows = await f.h.sql('messaging')`select * from message where request_id = ${id}`;
    expect(rows[0]).toMatchObject({ state: 'sent', text: null });
    expect(JSON.stringify(rows)).not.toContain('482913');
  });
});

describe('what is not sent has a reason', () => {
  test.each([
    ['no_contact', { phone: undefined }, {}],
    ['no_consent', {}, { purpose: 'promotional' }],
    ['template_missing', {}, { templateId: 'nothing' }],
    ['expired', {}, { expiresAt: '2026-11-21T07:59:59Z' }],
  ] as const)('%s', async (reason, profile, request) => {
    const customerId = `n-${reason}`;
    await f.know(customerId, profile as object, []);
    const [id = ''] = await f.ask({ customerId, ...request });
    expect([await f.outcome(id), await f.told(id), await f.taken(id)]).toEqual([
      `suppressed:${reason}`,
      [`suppressed:${reason}`],
      0,
    ]);
  });

  test('an expired request of a customer nobody knows waits for nothing', async () => {
    const [id = ''] = await f.ask({ customerId: 'never-known', expiresAt: '2020-01-01T00:00:00Z' });
    expect(await f.outcome(id)).toBe('suppressed:expired');
  });

  test('a template that can’t be filled in has failed, others go', async () => {
    await f.h
      .http('messaging')
      .inject({ method: 'PUT', url: '/v1/templates/empty/sms/fa', payload: { body: '{{ nothing }}' } });
    await f.know('tf');
    const [bad = '', good = ''] = await f.ask({ customerId: 'tf', templateId: 'empty' }, { customerId: 'tf' });
    expect([await f.outcome(bad), await f.told(bad), await f.outcome(good)]).toEqual([
      'failed:template_failed',
      ['failed:template_failed'],
      'sent',
    ]);
  });

  test('one advertisement a day, over both channels, and three a week', async () => {
    await f.know('cap');
    const ad = { customerId: 'cap', purpose: 'promotional' } as const;
    const [first = '', second = ''] = await f.ask(ad, { ...ad, channel: 'email' });
    expect([await f.outcome(first), await f.outcome(second)]).toEqual(['sent', 'suppressed:frequency_cap']);
    const later: string[] = [];
    for (let day = 1; day <= 4; day += 1) {
      f.h.clock.advance('P1D');
      later.push(await f.outcome((await f.ask(ad))[0] ?? ''));
    }
    expect(later).toEqual(['sent', 'sent', 'suppressed:frequency_cap', 'suppressed:frequency_cap']);
  });

  test('counts by outcome add up', async () => {
    const { body } = await f.get('/v1/messages/counts');
    const rows = await f.h.sql('messaging')<{ count: number }[]>`select count(*) as count from message`;
    expect(body.total).toBe(rows[0]?.count);
    const outcomes = body.outcomes as { state: string; reason: string; count: number }[];
    expect(outcomes.find(({ reason }) => reason === 'frequency_cap')).toMatchObject({ state: 'suppressed' });
    const none = await f.get('/v1/messages/counts?causeId=nobody');
    expect(none.body).toEqual({ total: 0, outcomes: [] });
  });
});
