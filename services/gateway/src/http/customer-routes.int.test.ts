import { Topics } from '@vafa/contracts';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gateway } from '../service.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [gateway], now: '2026-11-21T08:00:00Z' });
});
afterAll(() => h?.stop());

const call = (
  method: 'PUT' | 'POST' | 'DELETE',
  url: string,
  payload?: unknown,
  headers: Record<string, string> = {},
) => h.http('gateway').inject({ method, url, ...(payload === undefined ? {} : { payload }), headers });
const eventsOf = async (customerId: string) =>
  (await h.events(Topics.customers)).filter(({ subject }) => subject === customerId);

describe('PUT /v1/customers/:customerId', () => {
  test('brings all into one form and publishes profile and consents', async () => {
    const answer = await call('PUT', '/v1/customers/c1', {
      name: ' سارا ',
      phone: '۰۹۱۲ ۱۲۳ ۴۵۶۷',
      email: ' Sara@EXAMPLE.com',
      locale: 'fa-ir',
      timeZone: 'asia/tehran',
      birthDate: '۱۹۹۰-۰۳-۲۱',
      attributes: { city: 'Tehran', vip: true },
      consents: [
        {
          channel: 'sms',
          purpose: 'promotional',
          granted: true,
          source: 'checkout',
          givenAt: '2026-11-01T10:00:00+03:30',
          textVersion: '3',
        },
        { channel: 'email', purpose: 'promotional', granted: false, source: 'checkout' },
      ],
      eventId: 'c1-first',
    });
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({
      eventId: 'c1-first',
      eventIds: ['c1-first', 'c1-first:sms:promotional', 'c1-first:email:promotional'],
    });
    const [updated, sms, email] = await eventsOf('c1');
    expect(updated).toMatchObject({ type: 'customer.updated', time: '2026-11-21T08:00:00Z' });
    expect(updated?.data).toEqual({
      customerId: 'c1',
      name: 'سارا',
      phone: '+989121234567',
      email: 'Sara@example.com',
      locale: 'fa-IR',
      timeZone: 'Asia/Tehran',
      birthDate: '1990-03-21',
      attributes: { city: 'Tehran', vip: true },
    });
    expect(sms?.data).toEqual({
      customerId: 'c1',
      channel: 'sms',
      purpose: 'promotional',
      granted: true,
      consentSource: 'checkout',
      givenAt: '2026-11-01T06:30:00Z',
      textVersion: '3',
    });
    expect(email?.data).toMatchObject({ channel: 'email', granted: false });
  });

  test('null means not known', async () => {
    await call('PUT', '/v1/customers/c2', { name: 'Ann', phone: null, email: null, consents: null });
    expect((await eventsOf('c2'))[0]?.data).toEqual({ customerId: 'c2', name: 'Ann' });
  });

  test('with an Idempotency-Key the events keep their ids, and no phone lies in the gateway', async () => {
    const body = { phone: '09129999999' };
    const first = await call('PUT', '/v1/customers/c3', body, { 'idempotency-key': 'put-c3' });
    const second = await call('PUT', '/v1/customers/c3', body, { 'idempotency-key': 'put-c3' });
    expect(second.json()).toEqual(first.json());
    expect(await eventsOf('c3')).toHaveLength(1);
    const kept = await h.sql('gateway')`select body from idempotency_key`;
    expect(JSON.stringify(kept)).not.toContain('9129999999');
  });

  test.each([
    ['phone', '0912', 'valid phone number'],
    ['phone', 9121234567, 'valid phone number'],
    ['email', 'sara@', 'e-mail address'],
    ['locale', 'persian', 'BCP 47'],
    ['timeZone', 'Tehran', 'IANA'],
    ['birthDate', '1990-02-30', 'Gregorian'],
    ['birthDate', '2030-01-01', 'past'],
    ['name', 'x'.repeat(201), '200'],
    ['attributes', { nested: { deep: 1 } }, 'must be'],
    ['fone', '0912', 'allowed: name, phone'],
    ['consents', 'yes', 'list'],
    ['consents', [{ channel: 'fax', purpose: 'promotional', granted: true, source: 'x' }], 'sms, email'],
    ['consents', [{ channel: 'sms', purpose: 'promotional', granted: true }], 'is required'],
    [
      'consents',
      [{ channel: 'sms', purpose: 'promotional', granted: true, source: 'x', givenAt: '2030-01-01T00:00:00Z' }],
      'future',
    ],
    ['occurredAt', '2026-11-21', 'ISO 8601'],
    ['ocurredAt', '2026-11-21T08:00:00Z', ', occurredAt, eventId'],
    ['occurredAt', '2026-11-21T09:00:00Z', 'future'],
  ])('%s = %j is refused, by name', async (field, value, says) => {
    const answer = await call('PUT', '/v1/customers/bad', { [field]: value });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const { problems } = answer.json();
    expect(problems[0].path.startsWith(`/${field}`)).toBe(true);
    expect(problems.map(({ message }: { message: string }) => message).join()).toContain(says);
  });

  test('a refusal does not echo what was sent', async () => {
    const answer = await call('PUT', '/v1/customers/bad', { phone: '0912-oops-4567', email: 'sara(at)example.com' });
    expect(answer.body).not.toMatch(/oops|sara\(at\)/);
  });

  test('two consents for the same are refused', async () => {
    const consent = { channel: 'sms', purpose: 'service', granted: true, source: 'x' };
    const answer = await call('PUT', '/v1/customers/bad', { consents: [consent, { ...consent, granted: false }] });
    expect(answer.json().problems).toMatchObject([{ path: '/consents/1' }]);
  });

  test('a customer id with blanks at its end is refused', async () => {
    expect((await call('PUT', '/v1/customers/bad%20', {})).json().problems).toMatchObject([{ path: '/customerId' }]);
    expect(await eventsOf('bad ')).toEqual([]);
  });
});

test('consents can be changed by themselves', async () => {
  const answer = await call('POST', '/v1/customers/c4/consents', {
    consents: [{ channel: 'sms', purpose: 'promotional', granted: false, source: 'shop desk' }],
  });
  expect(answer.statusCode).toBe(202);
  expect(await eventsOf('c4')).toMatchObject([{ type: 'customer.consent_changed', data: { granted: false } }]);
  expect((await call('POST', '/v1/customers/c4/consents', { consents: [] })).statusCode).toBe(400);
  expect((await call('POST', '/v1/customers/c4/consents', {})).statusCode).toBe(400);
});

test('a customer is forgotten', async () => {
  const answer = await call('DELETE', '/v1/customers/c5');
  expect(answer.statusCode).toBe(202);
  expect(await eventsOf('c5')).toMatchObject([
    { id: answer.json().eventId, type: 'customer.erased', data: { customerId: 'c5' } },
  ]);
});

test('a customer goes up in another, never in itself', async () => {
  expect((await call('POST', '/v1/customers/c6/merge', { into: 'c7' })).statusCode).toBe(202);
  expect(await eventsOf('c6')).toMatchObject([
    { type: 'customer.merged', data: { customerId: 'c6', intoCustomerId: 'c7' } },
  ]);
  for (const into of ['c6', undefined, 5, '', 'c\ud800']) {
    const answer = await call('POST', '/v1/customers/c6/merge', { into });
    expect(answer.json()).toMatchObject({ status: 400, problems: [{ path: '/into' }] });
  }
});

test('texts and names that PostgreSQL does not keep are refused by field', async () => {
  const consent = { channel: 'sms', purpose: 'promotional', granted: true, source: 'shop' };
  for (const text of ['half \ud801', 'nul \u0000'])
    for (const [body, path] of [
      [{ name: text }, '/name'],
      [{ attributes: { note: text } }, '/attributes/note'],
      [{ attributes: { [text]: 1 } }, '/attributes'],
      [{ consents: [{ ...consent, source: text }] }, '/consents/0/source'],
      [{ consents: [{ ...consent, textVersion: text }] }, '/consents/0/textVersion'],
    ] as const) {
      const answer = await call('PUT', '/v1/customers/c9', body);
      expect(answer.json(), path).toMatchObject({ status: 400, problems: [{ path }] });
    }
  expect((await call('DELETE', '/v1/customers/c9%ED%A0%80')).statusCode).toBe(400);
});

test('a key without the scope is turned away', async () => {
  expect((await call('PUT', '/v1/customers/c8', {}, { authorization: 'Bearer vafa_nobody' })).statusCode).toBe(401);
});
