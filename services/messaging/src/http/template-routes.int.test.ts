import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messaging } from '../service.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [messaging], now: '2026-11-21T08:00:00Z' });
});
afterAll(() => h?.stop());

const call = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, payload?: unknown) =>
  h.http('messaging').inject({ method, url: `/v1/${url}`, ...(payload === undefined ? {} : { payload }) });

describe('templates', () => {
  test('made, replaced by the next version, read, deleted; each change leaves its trace', async () => {
    const url = 'templates/welcome/email/fa';
    const first = await call('PUT', url, { subject: 'سلام {{ name }}', body: 'خوش آمدید', purpose: 'transactional' });
    expect([first.statusCode, first.json()]).toMatchObject([200, { version: 1, html: null, variables: ['name'] }]);
    const second = await call('PUT', url, { subject: 'سلام', body: 'خوش آمدید' });
    expect(second.json()).toMatchObject({ version: 2, purpose: null, updatedAt: '2026-11-21T08:00:00Z' });
    expect((await call('PUT', url, { subject: 'سلام', body: 'خوش آمدید' })).json().version).toBe(2);
    expect((await call('GET', url)).json()).toMatchObject({ version: 2, subject: 'سلام' });
    expect((await call('DELETE', url)).statusCode).toBe(204);
    expect([(await call('GET', url)).statusCode, (await call('DELETE', url)).statusCode]).toEqual([404, 404]);
    const changes = await h.sql('messaging')`select actor, before->>'version' as before, after->>'version' as after
      from admin_change where subject = 'template/welcome/email/fa' order by id`;
    expect(changes.map(({ before, after }) => [before, after])).toEqual([
      [null, '1'],
      ['1', '2'],
      ['2', null],
    ]);
    expect(changes[0]?.actor).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    ['no valid Liquid', 'sms/fa', { body: 'سلام\n{{ name' }, 'messaging.template_invalid', 'line 2, column 1'],
    ['an e-mail without a subject', 'email/fa', { body: 'x' }, 'messaging.template_invalid', 'needs a subject'],
    ['an SMS with a subject', 'sms/fa', { body: 'x', subject: 'y' }, 'messaging.template_invalid', 'no subject'],
    ['an SMS with HTML', 'sms/fa', { body: 'x', html: 'y' }, 'messaging.template_invalid', 'no HTML'],
    ['an empty body', 'sms/fa', { body: '' }, 'http.invalid_request', 'body'],
    ['an unknown field', 'sms/fa', { body: 'x', text: 'y' }, 'http.invalid_request', 'body'],
    ['an unknown channel', 'fax/fa', { body: 'x' }, 'http.invalid_request', 'params'],
    ['a NUL', 'sms/fa', { body: 'a\u0000b' }, 'http.invalid_request', 'body'],
  ])('%s is refused', async (_name, where, payload, code, message) => {
    const answer = await call('PUT', `templates/t/${where}`, payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe(code);
    expect(JSON.stringify(answer.json())).toContain(message);
  });

  test('listed page by page', async () => {
    for (const id of ['a', 'b', 'c'])
      for (const locale of ['en', 'fa']) await call('PUT', `templates/${id}/sms/${locale}`, { body: id });
    const found: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page = (
        await call('GET', `templates?channel=sms&limit=4${after ? `&after=${encodeURIComponent(after)}` : ''}`)
      ).json();
      found.push(...page.templates.map(({ id, locale }: { id: string; locale: string }) => `${id}/${locale}`));
      after = page.next;
    }
    expect(found).toEqual(['a/en', 'a/fa', 'b/en', 'b/fa', 'c/en', 'c/fa']);
    expect((await call('GET', 'templates?after=nonsense')).json().code).toBe('messaging.invalid_page');
  });

  test('the same Idempotency-Key gives the same answer, with another body it is refused', async () => {
    const put = (body: string) =>
      h.http('messaging').inject({
        method: 'PUT',
        url: '/v1/templates/k/sms/fa',
        payload: { body },
        headers: { 'idempotency-key': 'k1' },
      });
    const [first, again, other] = [await put('یک'), await put('یک'), await put('دو')];
    expect([first.json(), again.headers['idempotency-replayed']]).toEqual([again.json(), 'true']);
    expect(other.statusCode).toBe(409);
  });
});

describe('preview', () => {
  test('what is not saved yet, with its segments', async () => {
    const content = { body: '{{ name }}، {{ points | number }} امتیاز تا {{ until | jalali }}' };
    const answer = await call('POST', 'templates/preview', {
      ...{ content, channel: 'sms', locale: 'fa', purpose: 'promotional', customerName: 'سارا' },
      params: { points: 1500, until: '2026-11-21' },
    });
    expect(answer.json()).toEqual({
      locale: 'fa',
      subject: null,
      text: 'سارا، ۱٬۵۰۰ امتیاز تا شنبه ۳۰ آبان ۱۴۰۵\nلغو11',
      html: null,
      encoding: 'ucs2',
      units: 45,
      segments: 1,
      missing: [],
    });
  });

  test('a saved one in the locale that would be chosen, and what is missing', async () => {
    await call('PUT', 'templates/p/email/en', { subject: 'Hi {{ name }}', body: 'You have {{ points }} points' });
    const answer = await call('POST', 'templates/preview', {
      id: 'p',
      channel: 'email',
      locale: 'de',
      purpose: 'promotional',
    });
    expect(answer.json()).toMatchObject({ locale: 'en', subject: 'Hi', missing: ['name', 'points'] });
    expect(answer.json().text).toContain('/u/preview');
    expect(answer.json().html).toContain('<html lang="en" dir="ltr">');
  });

  test.each([
    [{ channel: 'sms' }, 400],
    [{ channel: 'sms', id: 'nothing' }, 404],
    [{ channel: 'sms', content: { body: '{{ x' } }, 400],
    [{ channel: 'sms', content: { body: '{{ x }}' } }, 422],
  ])('%j is refused with %i', async (payload, status) => {
    expect((await call('POST', 'templates/preview', payload)).statusCode).toBe(status);
  });
});

test('without providers messages wait, and the channels say why', async () => {
  const { channels } = (await call('GET', 'channels')).json();
  expect(channels).toMatchObject([
    { channel: 'sms', state: 'not_configured' },
    { channel: 'email', state: 'not_configured' },
  ]);
  const none = await Promise.all(
    ['messages/1', 'requests/none', 'customers/none/messages'].map((url) => call('GET', url)),
  );
  expect(none.map(({ statusCode }) => statusCode)).toEqual([404, 404, 200]);
});
