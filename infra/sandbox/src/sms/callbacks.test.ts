import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { send } from '../kavenegar-calls.fixture.ts';
import { type Sandbox, startSandbox } from '../start-sandbox.ts';

let shop: Server;
let answers: number[];
let heard: Record<string, string>[];
let sandbox: Sandbox;

beforeEach(async () => {
  answers = [];
  heard = [];
  shop = createServer(async (request, response) => {
    expect(request.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    heard.push(Object.fromEntries(new URLSearchParams(await text(request))));
    response.writeHead(answers.shift() ?? 200).end();
  });
  await once(shop.listen(0, '127.0.0.1'), 'listening');
  const callbackUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/callback/secret`;
  sandbox = await startSandbox({ callbackUrl, sentAfterMs: 30, deliveredAfterMs: 100 });
});
afterEach(async () => {
  await sandbox.stop();
  shop.close();
});

const statuses = () => heard.map(({ status }) => status);

it('reports 4 and then 10, with the fields of the message', async () => {
  const { entries } = await send(sandbox, '1');
  await vi.waitFor(() => expect(statuses()).toEqual(['4', '10']), 10_000);
  expect(heard[1]).toEqual({
    messageid: String(entries[0].messageid),
    status: '10',
    statustext: 'رسیده به گیرنده',
    sender: '10000000',
    receptor: '09121234567',
    date: String(entries[0].date),
    cost: '1500',
  });
});

it('does not report a repeated localid again', async () => {
  await send(sandbox, '1');
  await send(sandbox, '1');
  await send(sandbox, '2');
  await vi.waitFor(() => expect(statuses().filter((status) => status === '10')).toHaveLength(2), 10_000);
  expect(statuses()).toHaveLength(4);
});

it('tries again when the shop is down', async () => {
  answers = [503];
  await send(sandbox, '1');
  await vi.waitFor(() => expect(statuses().sort()).toEqual(['10', '4', '4']), 10_000);
});

it('reports a status that is set by hand as the last word', async () => {
  const { entries } = await send(sandbox, '1');
  sandbox.sms.setStatus(entries[0].messageid, 14);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(statuses().at(-1)).toBe('14');
  expect(statuses()).not.toContain('10');
});

it('reports nothing once the URL is taken away', async () => {
  const { entries } = await send(sandbox, '1');
  await vi.waitFor(() => expect(statuses()).toEqual(['4', '10']), 10_000);
  sandbox.sms.setStatus(entries[0].messageid, 14);
  await vi.waitFor(() => expect(statuses()).toEqual(['4', '10', '14']), 10_000);
  sandbox.sms.setCallbackUrl(undefined);
  sandbox.sms.setStatus(entries[0].messageid, 10);
  await send(sandbox, '2');
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(statuses()).toHaveLength(3);
  expect(() => sandbox.sms.setStatus(5, 10)).toThrow(RangeError);
});
