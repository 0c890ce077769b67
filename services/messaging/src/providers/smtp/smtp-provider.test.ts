import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { type Sandbox, startSandbox } from '@vafa/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EmailItem, EmailProvider } from '../email-provider.ts';
import { outcomeOfFailure } from './smtp-outcome.ts';
import { createSmtpProvider, type SmtpOptions } from './smtp-provider.ts';
import { readSmtpUrl } from './smtp-url.ts';

let sandbox: Sandbox;
const open: EmailProvider[] = [];
const provider = (more: Partial<SmtpOptions> = {}): EmailProvider => {
  const made = createSmtpProvider({
    url: sandbox.smtpUrl,
    from: 'فروشگاه <shop@shop.example>',
    timeoutMs: 10_000,
    maxConnections: 2,
    dkim: undefined,
    pace: () => Promise.resolve(),
    onCall: () => undefined,
    ...more,
  });
  open.push(made);
  return made;
};
let number = 0;
const item = (more: Partial<EmailItem> = {}): EmailItem => {
  number += 1;
  return {
    messageId: number,
    messageIdHeader: `<m${number}@shop.example>`,
    to: `c${number}@customers.example`,
    subject: 'سلام دنیا',
    text: 'متن ساده\n',
    html: '<p dir="rtl">متن</p>',
    unsubscribeUrl: null,
    ...more,
  };
};
const received = (mail: EmailItem) =>
  sandbox.mail.records().filter(({ messageId }) => messageId === mail.messageIdHeader);

beforeAll(async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  sandbox = await startSandbox({ log });
});
afterEach(() => {
  sandbox.mail.script.calm();
  for (const each of open.splice(0)) each.close();
});
afterAll(() => sandbox?.stop());

describe('handing over', () => {
  test('text and HTML, the same Message-ID as the row, no way out on what needs none', async () => {
    const mail = item();
    expect(await provider().send(mail)).toMatchObject({ kind: 'accepted' });
    const [record] = received(mail);
    expect(record).toMatchObject({ subject: 'سلام دنیا', envelopeTo: [mail.to], from: 'فروشگاه <shop@shop.example>' });
    expect(record?.text.trim()).toBe('متن ساده');
    expect(record?.html).toContain('متن');
    const names = record?.headers.map(({ name }) => name);
    expect(names).toContain('auto-submitted');
    expect(names).not.toContain('list-unsubscribe');
  });

  test('one-click unsubscription stands in both headers and under the signature', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const unsubscribeUrl = `https://shop.example/u/${'x'.repeat(120)}`;
    const mail = item({ unsubscribeUrl });
    await provider({ dkim: { domainName: 'shop.example', keySelector: 's1', privateKey: pem } }).send(mail);
    const headers = new Map(received(mail)[0]?.headers.map(({ name, value }) => [name, value]));
    expect(headers.get('list-unsubscribe')?.replace(/\s/g, '')).toBe(`<${unsubscribeUrl}>`);
    expect(headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
    const signed = /[;\s]h=([^;]+);/
      .exec(headers.get('dkim-signature') ?? '')?.[1]
      ?.toLowerCase()
      .replace(/\s/g, '')
      .split(':');
    expect(signed).toEqual(
      expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post', 'from', 'subject', 'message-id']),
    );
  });

  test('a customer’s name for an address can’t add recipients', async () => {
    const mail = item({ to: 'a@customers.example, b@customers.example' });
    const outcome = await provider().send(mail);
    expect(received(mail).flatMap(({ envelopeTo }) => envelopeTo)).not.toContain('b@customers.example');
    expect(outcome.kind).not.toBe('unknown');
  });

  test.each([
    ['550 at RCPT', { kind: 'reject', code: 550 }, { kind: 'refused', code: 'smtp_5.1.1', badAddress: true }],
    [
      '550 without more',
      { kind: 'reject', code: 550, text: 'no' },
      { kind: 'refused', code: 'smtp_550', badAddress: true },
    ],
    ['mailbox full', { kind: 'reject', code: 552 }, { kind: 'refused', code: 'smtp_5.2.2', badAddress: false }],
    ['policy', { kind: 'reject', code: 554 }, { kind: 'refused', code: 'smtp_5.7.1', badAddress: false }],
    [
      '550 after DATA',
      { kind: 'reject', code: 550, text: 'spam', at: 'data' },
      { kind: 'refused', code: 'smtp_550', badAddress: false },
    ],
    ['452', { kind: 'reject', code: 452 }, { kind: 'try_later', code: 'smtp_4.2.2' }],
    ['451 after DATA', { kind: 'reject', code: 451, at: 'data' }, { kind: 'try_later', code: 'smtp_4.3.0' }],
    ['cut off before DATA', { kind: 'dropBeforeData' }, { kind: 'try_later' }],
    ['cut off after DATA', { kind: 'acceptThenDrop' }, { kind: 'unknown' }],
    ['no answer after DATA', { kind: 'acceptThenHang' }, { kind: 'unknown' }],
    ['no answer, not kept', { kind: 'hang' }, { kind: 'unknown' }],
  ] as const)('%s', async (_name, behaviour, outcome) => {
    const mail = item();
    sandbox.mail.script.forRecipient(mail.to, behaviour);
    // Only where nobody answers: a busy machine takes its time.
    const timeoutMs = /hang/i.test(behaviour.kind) ? 600 : 10_000;
    expect(await provider({ timeoutMs }).send(mail)).toMatchObject(outcome);
  });

  test('the pool never sends by itself again what broke off: once taken, once sent', async () => {
    const mails = [item(), item(), item()];
    const smtp = provider({ maxConnections: 1 });
    // A connection that has worked before is the one the pool would silently replace.
    expect(await smtp.send(item())).toMatchObject({ kind: 'accepted' });
    for (const { to } of mails) sandbox.mail.script.forRecipient(to, 'acceptThenDrop');
    const outcomes = await Promise.all(mails.map((mail) => smtp.send(mail)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const taken = mails.map((mail) => received(mail).length);
    expect(taken.every((count) => count <= 1)).toBe(true);
    outcomes.forEach((outcome, i) => {
      // What was taken may be unknown to us, but is never called "not sent".
      if (taken[i] === 1) expect(outcome.kind).toBe('unknown');
    });
    expect(taken).toContain(1);
  });

  test('nobody there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await provider({ url: `smtp://127.0.0.1:${port}` }).send(item())).toMatchObject({ kind: 'try_later' });
  });
});

describe('reading failures', () => {
  test.each([
    [{ code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, false, 'channel_down'],
    [{ code: 'ETLS', command: 'STARTTLS' }, false, 'channel_down'],
    [{ code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550, response: '550 5.7.1 no' }, false, 'channel_down'],
    [{ code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 552, response: '552 5.3.4 too big' }, false, 'refused'],
    [{ code: 'EPROTOCOL', command: 'CONN', responseCode: 554, response: '554 go away' }, false, 'channel_down'],
    [{ code: 'EPROTOCOL', command: 'CONN', responseCode: 421, response: '421 busy' }, false, 'try_later'],
    [{ code: 'ETIMEDOUT', command: 'CONN' }, false, 'try_later'],
    [{ code: 'ETIMEDOUT', command: 'CONN' }, true, 'unknown'],
    [{ code: 'EABORT' }, true, 'unknown'],
    [{}, true, 'unknown'],
  ])('%j (data begun: %s) is %s', (failure, dataBegun, kind) => {
    expect(outcomeOfFailure(failure, dataBegun).kind).toBe(kind);
  });
});

describe('the address of the server', () => {
  test.each([
    [
      'smtp://user:p%40ss@mail.example',
      { host: 'mail.example', port: 587, secure: false, requireTLS: true, auth: { user: 'user', pass: 'p@ss' } },
    ],
    ['smtps://mail.example', { host: 'mail.example', port: 465, secure: true, requireTLS: false }],
    ['smtp://127.0.0.1:2525', { host: '127.0.0.1', port: 2525, secure: false, requireTLS: false }],
  ])('%s', (url, server) => {
    expect(readSmtpUrl(url)).toEqual(server);
  });
  test('what is none is refused without showing the password', () => {
    expect(() => readSmtpUrl('http://user:hidden@mail.example')).toThrow(/^(?!.*hidden).*must be smtp/);
  });
});
