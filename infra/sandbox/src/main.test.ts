import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import nodemailer from 'nodemailer';
import { afterAll, expect, it } from 'vitest';
import { call, send } from './kavenegar-calls.fixture.ts';
import { readRecordFile } from './record-file.ts';
import type { Sandbox } from './start-sandbox.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vafa-sandbox-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const spawnMain = (args: string[], command = [process.execPath]) => {
  const [program = '', ...before] = command;
  const child = spawn(program, [...before, main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
};

const start = async (args: string[], command?: string[]) => {
  const child = spawnMain(args, command);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, sandbox: JSON.parse(line) as Sandbox };
};

it('keeps what it accepted over a kill -9, and ends cleanly on SIGTERM', async () => {
  const record = join(folder, 'records.ndjson');
  const first = await start(['--record', record, '--chaos', '{"acceptThenResetRate":1}']);
  await expect(send(first.sandbox, '1')).rejects.toThrow();
  const killed = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await killed;
  expect(await Array.fromAsync(readRecordFile(record))).toMatchObject([
    { kind: 'behaviour', behaviour: 'acceptThenReset' },
    { kind: 'sms', localId: '1' },
  ]);

  const second = await start(['--record', record]);
  const found = await call(second.sandbox, 'sms/statuslocalmessageid', { localid: '1' });
  expect(found.entries[0].messageid).toBe(1_000_000_000);
  expect((await send(second.sandbox, '1')).entries[0].messageid).toBe(1_000_000_000);
  const ended = once(second.child, 'exit');
  second.child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

it.skipIf(process.platform === 'win32')('accepts nothing that it can not record', async () => {
  // A limit on the file's size stands in for a full disk: writes stop in the middle of a line.
  const limited = ['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh', process.execPath];
  const record = join(folder, 'small.ndjson');
  const { sandbox } = await start(['--record', record], limited);
  let accepted = 0;
  let answer = await send(sandbox, '1');
  while (answer.status === 200) {
    accepted += 1;
    answer = await send(sandbox, String(accepted + 1), { message: 'س'.repeat(300) });
  }
  expect(answer).toMatchObject({ http: 500, status: 409 });
  expect(accepted).toBeGreaterThan(2);
  const found = await call(sandbox, 'sms/statuslocalmessageid', { localid: String(accepted + 1) });
  expect(found.entries[0].status).toBe(100);
  expect(await Array.fromAsync(readRecordFile(record))).toHaveLength(accepted);
  const transport = nodemailer.createTransport(sandbox.smtpUrl);
  const mail = transport.sendMail({ from: 'a@example.com', to: 'b@example.com', text: 'x'.repeat(9_000) });
  await expect(mail).rejects.toMatchObject({ responseCode: 451 });
});

it('has its chaos switched from outside', async () => {
  const { sandbox } = await start(['--chaos', '{"rejectRate":1}']);
  expect((await send(sandbox, '1')).status).toBe(409);
  const put = (body: object) =>
    fetch(`${sandbox.inboxUrl}/chaos`, {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  expect((await put({ rejectrate: 0 })).status).toBe(400);
  expect((await put({ rejectRate: 2 })).status).toBe(400);
  const response = await put({ dedupe: false });
  expect(await response.json()).toMatchObject({ sms: { ok: 0, status: 1 }, mail: { ok: 0 } });
  await send(sandbox, '1');
  const again = await send(sandbox, '1');
  expect(again.entries[0].messageid).toBe(1_000_000_001);
});

it('tells in one line that a port is taken, and what is wrong with a flag', async () => {
  const { sandbox } = await start([]);
  const taken = spawnMain(['--port', new URL(sandbox.smsUrl).port]);
  const [words, [code]] = await Promise.all([text(taken.stderr), once(taken, 'exit')]);
  expect(words).toMatch(/^the sandbox could not start: .*EADDRINUSE.*\n$/);
  expect(code).toBe(1);
  const misused = spawnMain(['--chaos', 'x']);
  const [help, [misuse]] = await Promise.all([text(misused.stderr), once(misused, 'exit')]);
  expect(help).toMatch(/^--chaos is no JSON/);
  expect(misuse).toBe(2);
});
