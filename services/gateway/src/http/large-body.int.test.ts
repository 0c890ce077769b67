import { connect } from 'node:net';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gateway } from '../service.ts';

const TEN_MB = 10_000_000;

let h: Harness;
let url: string;
beforeAll(async () => {
  h = await startHarness({ services: [gateway] });
  url = await h.service('gateway').app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => h?.stop());

const headers = () => ({ authorization: `Bearer ${h.apiKey}`, 'content-type': 'application/json' });

test('a body of 10 MB gets 413 as a problem, on a real connection', async () => {
  const answer = await fetch(`${url}/v1/purchases`, {
    method: 'POST',
    headers: headers(),
    body: `"${'x'.repeat(TEN_MB)}"`,
  });
  expect(answer.status).toBe(413);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(await answer.json()).toMatchObject({ status: 413, code: 'http.body_too_large' });
});

test('so does one that does not say how long it is', async () => {
  const chunks = async function* () {
    for (let sent = 0; sent < TEN_MB; sent += 100_000) yield Buffer.alloc(100_000, 0x20);
  };
  const answer = await fetch(`${url}/v1/purchases`, {
    method: 'POST',
    headers: headers(),
    body: chunks() as never,
    duplex: 'half',
  } as RequestInit);
  expect(answer.status).toBe(413);
});

test('a client that sends on without reading still finds the answer', async () => {
  const { port } = new URL(url);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
    const head = Object.entries(headers()).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `POST /v1/purchases HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${head.join('')}content-length: ${TEN_MB}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(TEN_MB, 0x20));
  });
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
});

test('a body just below the limit is read', async () => {
  const limit = 1_048_576;
  const body = JSON.stringify({ note: 'x'.repeat(limit - 20) });
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(limit);
  const answer = await fetch(`${url}/v1/purchases`, { method: 'POST', headers: headers(), body });
  expect(answer.status).toBe(400);
});
