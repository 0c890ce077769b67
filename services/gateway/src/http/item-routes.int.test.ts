import { Topics } from '@vafa/contracts';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gateway } from '../service.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [gateway], now: '2026-11-21T08:00:00Z' });
});
afterAll(() => h?.stop());

const purchase = (orderId: string, more: object = {}) => ({
  customerId: 'c1',
  orderId,
  currency: 'EUR',
  totalMinor: 1999,
  lines: [{ sku: 'tea', quantity: 1, amountMinor: 1999 }],
  ...more,
});
const post = (url: string, payload: unknown, headers: Record<string, string> = {}) =>
  h.http('gateway').inject({ method: 'POST', url, payload, headers });
const publishedIds = async (topic = Topics.purchases) => (await h.events(topic)).map(({ id }) => id);

describe('one item', () => {
  test('is on the bus when 202 is answered, under the id of its order', async () => {
    const answer = await post('/v1/purchases', purchase('o1', { occurredAt: '2026-11-21T11:29:00+03:30' }));
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({ eventId: 'purchase:o1' });
    const [event] = (await h.events(Topics.purchases)).filter(({ id }) => id === 'purchase:o1');
    expect(event).toMatchObject({
      source: '/vafa/gateway',
      subject: 'c1',
      time: '2026-11-21T07:59:00Z',
      data: purchase('o1'),
    });
    expect(event?.data).not.toHaveProperty('occurredAt');
  });

  test('carries on the trace of the request', async () => {
    const traceId = 'a'.repeat(32);
    await post('/v1/purchases', purchase('traced'), { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` });
    const event = (await h.events(Topics.purchases)).find(({ id }) => id === 'purchase:traced');
    expect(event?.traceparent).toContain(traceId);
  });

  test('a refund gets the id of the refund, an interaction its own or a new one', async () => {
    const refund = { customerId: 'c1', refundId: 'r1', scope: 'whole', orderId: 'o1', currency: 'EUR' };
    expect((await post('/v1/refunds', refund)).json()).toEqual({ eventId: 'refund:r1' });
    const interaction = { customerId: 'c1', interactionType: 'product.viewed', attributes: { sku: 'tea' } };
    expect((await post('/v1/interactions', { ...interaction, eventId: 'view-1' })).json()).toEqual({
      eventId: 'view-1',
    });
    const made = (await post('/v1/interactions', interaction)).json().eventId;
    expect(await publishedIds(Topics.interactions)).toEqual(expect.arrayContaining(['view-1', made]));
  });
});

describe('what is refused, by name', () => {
  const cases: [name: string, url: string, body: unknown, code: string, path: string, says: string][] = [
    [
      'an unknown currency',
      '/v1/purchases',
      purchase('x', { currency: 'EURO' }),
      'gateway.invalid_purchase',
      '/currency',
      'ISO 4217',
    ],
    [
      'a negative total',
      '/v1/purchases',
      purchase('x', { totalMinor: -1 }),
      'gateway.invalid_purchase',
      '/totalMinor',
      '>= 0',
    ],
    [
      'a fraction of a minor unit',
      '/v1/purchases',
      purchase('x', { totalMinor: 19.99 }),
      'gateway.invalid_purchase',
      '/totalMinor',
      'integer',
    ],
    [
      'a negative line',
      '/v1/purchases',
      purchase('x', { lines: [{ sku: 'a', quantity: 1, amountMinor: -5 }] }),
      'gateway.invalid_purchase',
      '/lines/0/amountMinor',
      'not negative',
    ],
    [
      'a missing order id',
      '/v1/purchases',
      purchase('x', { orderId: undefined }),
      'gateway.invalid_purchase',
      '/orderId',
      'required',
    ],
    [
      'a misspelt field',
      '/v1/purchases',
      purchase('x', { chanel: 'web' }),
      'gateway.invalid_purchase',
      '/chanel',
      'channel',
    ],
    [
      'a purchase in the future',
      '/v1/purchases',
      purchase('x', { occurredAt: '2026-11-21T08:10:01Z' }),
      'gateway.in_the_future',
      '/occurredAt',
      'future',
    ],
    [
      'a time without an offset',
      '/v1/purchases',
      purchase('x', { occurredAt: '2026-11-21T08:00:00' }),
      'gateway.invalid_purchase',
      '/occurredAt',
      'offset',
    ],
    [
      'an event id of the wrong form',
      '/v1/purchases',
      purchase('x', { eventId: ' ' }),
      'gateway.invalid_purchase',
      '/eventId',
      'characters',
    ],
    ['a text for a body', '/v1/purchases', '"hello"', 'gateway.invalid_purchase', '', 'object'],
    [
      'a refund of an order without the order',
      '/v1/refunds',
      { customerId: 'c', refundId: 'r', scope: 'whole', currency: 'EUR' },
      'gateway.invalid_refund',
      '/orderId',
      'required',
    ],
    [
      'a refund by amount without the amount',
      '/v1/refunds',
      { customerId: 'c', refundId: 'r', scope: 'amount', currency: 'EUR' },
      'gateway.invalid_refund',
      '/amountMinor',
      'required',
    ],
    [
      'a refund by line without lines',
      '/v1/refunds',
      { customerId: 'c', refundId: 'r', scope: 'lines', currency: 'EUR' },
      'gateway.invalid_refund',
      '/lines',
      'required',
    ],
    [
      'an unknown scope',
      '/v1/refunds',
      { customerId: 'c', refundId: 'r', scope: 'all', currency: 'EUR' },
      'gateway.invalid_refund',
      '/scope',
      'whole, amount, lines',
    ],
    [
      'an unknown field: the time and the id are among those that are allowed',
      '/v1/interactions',
      { customerId: 'c', interactionType: 'cart.abandoned', ocurredAt: '2026-11-21T08:00:00Z' },
      'gateway.invalid_interaction',
      '/ocurredAt',
      'allowed: customerId, interactionType, attributes, occurredAt, eventId',
    ],
    [
      'an interaction with a shouted name',
      '/v1/interactions',
      { customerId: 'c', interactionType: 'VIEW' },
      'gateway.invalid_interaction',
      '/interactionType',
      'product.viewed',
    ],
  ];
  test.each(cases)('%s', async (_name, url, body, code, path, says) => {
    const answer = await post(url, body, typeof body === 'string' ? { 'content-type': 'application/json' } : {});
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 400, code });
    const problem = answer.json().problems.find((each: { path: string }) => each.path === path);
    expect(problem?.message).toContain(says);
  });

  test('malformed JSON, with the place of the fault and without the text', async () => {
    const text = '{"customerId": "c1", "phone": "09121234567", "orderId": oops}';
    const answer = await post('/v1/purchases', text, { 'content-type': 'application/json' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'gateway.malformed_json', position: 56, line: 1, column: 57 });
    expect(answer.body).not.toContain('0912');
  });

  test('an empty body', async () => {
    const answer = await post('/v1/purchases', '', { 'content-type': 'application/json' });
    expect(answer.json()).toMatchObject({ status: 400 });
  });

  test('a body that is no JSON by its type', async () => {
    const answer = await post('/v1/purchases', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(answer.json()).toMatchObject({ status: 415 });
  });

  test('nothing of all that is on the bus', async () => {
    expect(await publishedIds()).not.toEqual(expect.arrayContaining(['purchase:x']));
  });
});

describe('a batch', () => {
  test('of mixed items publishes the good ones and says of each what became of it', async () => {
    const items = [
      purchase('b1'),
      purchase('b2', { currency: 'XXQ' }),
      purchase('b3', { occurredAt: '2030-01-01T00:00:00Z' }),
      null,
      purchase('b4'),
    ];
    const answer = await post('/v1/purchases', { items });
    expect(answer.statusCode).toBe(202);
    const { accepted, rejected, results } = answer.json();
    expect([accepted, rejected]).toEqual([2, 3]);
    expect(results.map((result: { index: number; status: string }) => [result.index, result.status])).toEqual([
      [0, 'accepted'],
      [1, 'rejected'],
      [2, 'rejected'],
      [3, 'rejected'],
      [4, 'accepted'],
    ]);
    expect(results[0].eventId).toBe('purchase:b1');
    expect(results[1].error).toMatchObject({ code: 'gateway.invalid_purchase', problems: [{ path: '/currency' }] });
    expect(results[2].error.code).toBe('gateway.in_the_future');
    const ids = await publishedIds();
    expect(ids).toEqual(expect.arrayContaining(['purchase:b1', 'purchase:b4']));
    expect(ids).not.toContain('purchase:b2');
  });

  test('may be a bare list', async () => {
    const answer = await post('/v1/purchases', [purchase('bare')]);
    expect(answer.json()).toMatchObject({ accepted: 1, rejected: 0 });
  });

  test('with the same item twice publishes it once; with other content the second is refused', async () => {
    const answer = await post('/v1/purchases', [
      purchase('twice'),
      purchase('twice'),
      purchase('twice', { totalMinor: 1 }),
    ]);
    expect(answer.json().results.map(({ status }: { status: string }) => status)).toEqual([
      'accepted',
      'accepted',
      'rejected',
    ]);
    expect(answer.json().results[2].error.code).toBe('gateway.duplicate_with_other_content');
    expect((await publishedIds()).filter((id) => id === 'purchase:twice')).toHaveLength(1);
  });

  test('in which nothing is accepted is 400, with the results', async () => {
    const answer = await post('/v1/purchases', [purchase('n1', { totalMinor: -1 }), 7]);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'gateway.all_rejected', accepted: 0, rejected: 2 });
    expect(answer.json().results).toHaveLength(2);
  });

  test.each([
    ['no items', { items: [] }, 'gateway.empty_batch'],
    ['items that are no list', { items: 5 }, 'gateway.invalid_batch'],
    ['1,001 items', { items: Array.from({ length: 1_001 }, (_, n) => ({ n })) }, 'gateway.too_many_items'],
  ])('with %s is refused', async (_name, body, code) => {
    const answer = await post('/v1/purchases', body);
    expect(answer.json()).toMatchObject({ status: 400, code });
  });

  test('of 1,000 items is taken whole, in order', async () => {
    const items = Array.from({ length: 1_000 }, (_, n) => ({
      customerId: 'many',
      interactionType: 'app.opened',
      eventId: `many-${n}`,
    }));
    const answer = await post('/v1/interactions', { items });
    expect(answer.json()).toMatchObject({ accepted: 1_000, rejected: 0 });
    const ids = (await publishedIds(Topics.interactions)).filter((id) => id.startsWith('many-'));
    expect(ids).toEqual(items.map(({ eventId }) => eventId));
  });
});

test('ids with halves of characters are refused by field: all halves would be kept as one and the same', async () => {
  const half = '\ud801x';
  const refund = { customerId: 'c1', refundId: 'r-half', scope: 'whole', orderId: 'o-half', currency: 'EUR' };
  const interaction = { customerId: 'c1', interactionType: 'product.viewed' };
  for (const [url, body, path] of [
    ['/v1/purchases', purchase(half), '/orderId'],
    ['/v1/purchases', purchase('half-1', { customerId: '\udfff' }), '/customerId'],
    ['/v1/purchases', purchase('half-2', { lines: [{ sku: half, quantity: 1, amountMinor: 1 }] }), '/lines/0/sku'],
    ['/v1/purchases', purchase('half-3', { eventId: half }), '/eventId'],
    ['/v1/refunds', { ...refund, refundId: half }, '/refundId'],
    ['/v1/refunds', { ...refund, orderId: half }, '/orderId'],
    ['/v1/refunds', { ...refund, scope: 'lines', lines: [{ sku: half, quantity: 1, amountMinor: 1 }] }, '/lines/0/sku'],
    ['/v1/interactions', { ...interaction, customerId: half }, '/customerId'],
  ] as const) {
    const answer = await post(url, body);
    expect(answer.json(), path).toMatchObject({ status: 400, problems: [{ path }] });
    expect(answer.json().problems, path).toHaveLength(1);
  }
  expect((await post('/v1/purchases', [purchase(half), purchase('half-4')])).json()).toMatchObject({
    accepted: 1,
    results: [{ error: { problems: [{ path: '/orderId' }] } }, { eventId: 'purchase:half-4' }],
  });
  // Whole characters of two halves are none.
  expect((await post('/v1/purchases', purchase('half-😀'))).statusCode).toBe(202);
});

test('texts and names that PostgreSQL does not keep are refused by field', async () => {
  const line = { sku: 'tea', quantity: 1, amountMinor: 1 };
  const about = { customerId: 'c1', interactionType: 'product.viewed' };
  const refund = { customerId: 'c1', refundId: 'r-text', scope: 'whole', orderId: 'o-text', currency: 'EUR' };
  for (const text of ['half \ud801', 'nul \u0000'])
    for (const [url, body, path] of [
      ['/v1/purchases', purchase('text', { store: text }), '/store'],
      ['/v1/purchases', purchase('text', { lines: [line, { ...line, name: text }] }), '/lines/1/name'],
      ['/v1/purchases', purchase('text', { lines: [{ ...line, labels: ['a', text] }] }), '/lines/0/labels/1'],
      ['/v1/purchases', purchase('text', { attributes: { 'a/b': text } }), '/attributes/a~1b'],
      ['/v1/purchases', purchase('text', { attributes: { [text]: 1 } }), '/attributes'],
      ['/v1/refunds', { ...refund, attributes: { note: text } }, '/attributes/note'],
      ['/v1/interactions', { ...about, attributes: { [text]: true } }, '/attributes'],
    ] as const) {
      const answer = await post(url, body);
      expect(answer.json(), path).toMatchObject({ status: 400, problems: [{ path }] });
      expect(answer.json().problems, path).toHaveLength(1);
    }
  // Marks of direction, signs of several parts and what has no letters are texts as all others.
  expect((await post('/v1/purchases', purchase('text', { store: '\u200f\u202e👩‍👩‍👧' }))).statusCode).toBe(202);
});
