import { Topics } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gateway } from '../service.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [gateway] });
});
afterAll(() => h?.stop());

const view = (more: object = {}) => ({ customerId: 'c1', interactionType: 'product.viewed', ...more });
const post = (payload: unknown, key?: string, url = '/v1/interactions') =>
  h.http('gateway').inject({ method: 'POST', url, payload, headers: key ? { 'idempotency-key': key } : {} });
const ids = async () => (await h.events(Topics.interactions)).map(({ id }) => id);
const rows = async () => (await h.sql('gateway')`select key from idempotency_key`).length;

test('the same key and body give the first answer again and nothing new on the bus', async () => {
  const first = await post(view(), 'k1');
  const second = await post(view(), 'k1');
  expect(second.statusCode).toBe(202);
  expect(second.json()).toEqual(first.json());
  expect(second.headers['idempotency-replayed']).toBe('true');
  expect((await ids()).filter((id) => id === first.json().eventId)).toHaveLength(1);
});

test('the same key with another body, or at another door, is a conflict', async () => {
  await post(view(), 'k2');
  const other = await post(view({ attributes: { sku: 'tea' } }), 'k2');
  expect(other.json()).toMatchObject({ status: 409, code: 'http.idempotency_key_reused' });
  const elsewhere = await post({ customerId: 'c1' }, 'k2', '/v1/customers/c1/merge');
  expect(elsewhere.json()).toMatchObject({ status: 409, code: 'http.idempotency_key_reused' });
});

test('without a key nothing is written to the database', async () => {
  const before = await rows();
  await post(view());
  expect(await rows()).toBe(before);
});

test('a refusal is not kept: the same key serves the mended request', async () => {
  expect((await post(view({ interactionType: 'BAD' }), 'k3')).statusCode).toBe(400);
  expect((await post(view(), 'k3')).statusCode).toBe(202);
});

test('while the first is under way the second hears 409 with Retry-After; afterwards it gets the answer', async () => {
  const { bus } = h;
  const publish = bus.publish.bind(bus);
  let arrived: () => void = () => undefined;
  let release: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  bus.publish = async (records) => {
    arrived();
    await gate;
    return publish(records);
  };
  try {
    const first = post(view(), 'k4');
    await waiting;
    const second = await post(view(), 'k4');
    expect(second.json()).toMatchObject({ status: 409, code: 'gateway.request_in_flight' });
    expect(second.headers['retry-after']).toBe('1');
    release();
    const answer = await first;
    expect((await post(view(), 'k4')).json()).toEqual(answer.json());
  } finally {
    bus.publish = publish;
  }
});

test('a crash between publishing and keeping the answer repeats the same event ids', async () => {
  const { bus } = h;
  const publish = bus.publish.bind(bus);
  bus.publish = async (records) => {
    await publish(records);
    throw new Error('the process dies here');
  };
  try {
    expect((await post([view(), view({ customerId: 'c2' })], 'k5')).statusCode).toBe(500);
  } finally {
    bus.publish = publish;
  }
  const published = (await ids()).slice(-2);
  const again = await post([view(), view({ customerId: 'c2' })], 'k5');
  expect(again.json().results.map(({ eventId }: { eventId: string }) => eventId)).toEqual(published);
});

test('a bus that does not take records is 503 with Retry-After, and no answer is kept', async () => {
  const { bus } = h;
  const publish = bus.publish.bind(bus);
  bus.publish = async () => {
    throw new AppError('unavailable', 'bus.busy', 'the bus does not take records', { retryAfterSeconds: 2 });
  };
  try {
    const answer = await post(view(), 'k6');
    expect(answer.json()).toMatchObject({ status: 503, code: 'bus.busy' });
    expect(answer.headers['retry-after']).toBe('2');
  } finally {
    bus.publish = publish;
  }
  expect((await post(view(), 'k6')).statusCode).toBe(202);
});

test('a key that is too long is refused', async () => {
  expect((await post(view(), 'k'.repeat(256))).json()).toMatchObject({
    status: 400,
    code: 'http.invalid_idempotency_key',
  });
});
