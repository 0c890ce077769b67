import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, send } from './kavenegar-calls.fixture.ts';
import { openRecordFile, type RecordLine, readRecordFile } from './record-file.ts';
import { startSandbox } from './start-sandbox.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vafa-sandbox-'));
  path = join(folder, 'records.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = () => Array.fromAsync(readRecordFile(path));
const line = (atMs: number): RecordLine => ({ kind: 'sms.repeated', atMs, localId: 'سلام', messageId: 1 });

describe('the file', () => {
  it('gives back what was appended, over reopening', async () => {
    const first = openRecordFile(path);
    first.append([line(1), line(2)]);
    first.close();
    const second = openRecordFile(path);
    second.append([line(3)]);
    second.close();
    expect(await lines()).toEqual([line(1), line(2), line(3)]);
  });

  it('leaves out half a line at the end, and writes over it', async () => {
    const first = openRecordFile(path);
    first.append([line(1)]);
    first.close();
    appendFileSync(path, '{"kind":"sms.rep');
    expect(await lines()).toEqual([line(1)]);
    const second = openRecordFile(path);
    second.append([line(2)]);
    second.close();
    expect(await lines()).toEqual([line(1), line(2)]);
  });

  it('finds the last whole line before a half one that is longer than a chunk', async () => {
    writeFileSync(path, `${JSON.stringify(line(1))}\n${'x'.repeat(200_000)}`);
    openRecordFile(path).close();
    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(line(1))}\n`);
  });

  it('is empty when there is none, and refuses broken lines in the middle', async () => {
    expect(await lines()).toEqual([]);
    writeFileSync(path, `broken\n${JSON.stringify(line(1))}\n`);
    await expect(lines()).rejects.toThrow(SyntaxError);
  });
});

describe('a sandbox with a record file', () => {
  it('writes what it accepted, repeated and spoilt', async () => {
    const sandbox = await startSandbox({ recordFile: path });
    await send(sandbox, '1');
    await send(sandbox, '1');
    sandbox.sms.script.next('html502');
    await send(sandbox, '2').catch(() => undefined);
    sandbox.mail.script.forRecipient('b@example.com', 550);
    const transport = nodemailer.createTransport(sandbox.smtpUrl);
    const mail = {
      from: 's@example.com',
      to: ['a@example.com', 'b@example.com'],
      subject: 'x',
      text: 't',
      html: '<p>t',
    };
    await transport.sendMail(mail);
    await sandbox.stop();
    expect(await lines()).toMatchObject([
      { kind: 'sms', messageId: 1_000_000_000, localId: '1', receptor: '09121234567', text: 'سلام' },
      { kind: 'sms.repeated', localId: '1', messageId: 1_000_000_000 },
      { kind: 'behaviour', channel: 'sms', behaviour: 'html502' },
      { kind: 'behaviour', channel: 'email', behaviour: 'reject' },
      { kind: 'mail', number: 1, envelopeTo: ['a@example.com'], subject: 'x' },
    ]);
  });

  it('goes on where an earlier one stopped: dedupe, ids, inbox', async () => {
    const first = await startSandbox({ recordFile: path });
    const before = await send(first, '1');
    await first.stop();
    const second = await startSandbox({ recordFile: path });
    const again = await send(second, '1');
    expect(again.entries[0].messageid).toBe(before.entries[0].messageid);
    const fresh = await send(second, '2');
    expect(fresh.entries[0].messageid).toBe(before.entries[0].messageid + 1);
    expect(second.inbox.count()).toBe(2);
    expect((await call(second, 'sms/statuslocalmessageid', { localid: '1' })).entries[0].status).not.toBe(100);
    await second.stop();
  });

  it('starts with nothing left running when the file is broken', async () => {
    writeFileSync(path, 'broken\n{}\n');
    await expect(startSandbox({ recordFile: path })).rejects.toThrow(SyntaxError);
  });
});
