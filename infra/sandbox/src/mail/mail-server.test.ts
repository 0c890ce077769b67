import { connect } from 'node:net';
import nodemailer from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MailBehaviourInput } from '../chaos/mail-script.ts';
import { type Sandbox, startSandbox } from '../start-sandbox.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

const sendMail = (fields: object = {}) => {
  const transport = nodemailer.createTransport(sandbox.smtpUrl, { from: 'shop@example.com' });
  const options = { to: 'sara@example.com', subject: 'سلام', text: 'hi', ...fields };
  return transport.sendMail(options).finally(() => transport.close());
};

/** What the sender sees: accepted, refused with a code, or a broken or silent connection. */
const outcome = async (fields: object = {}, socketTimeout = 20_000): Promise<string> => {
  const { port, hostname } = new URL(sandbox.smtpUrl);
  const transport = nodemailer.createTransport({ host: hostname, port: Number(port), socketTimeout });
  try {
    const options = { from: 'shop@example.com', to: 'sara@example.com', subject: 'x', text: 'hi', ...fields };
    await transport.sendMail(options);
    return 'accepted';
  } catch (error) {
    const { code, responseCode } = error as { code?: string; responseCode?: number };
    return responseCode ? `refused ${responseCode}` : `broken ${code}`;
  } finally {
    transport.close();
  }
};

it('keeps envelope, headers, subject, both parts and the Message-ID', async () => {
  const info = await sendMail({
    from: '"فروشگاه وفا" <shop@example.com>',
    to: ['"سارا" <sara@example.com>', 'ali@example.com'],
    text: 'سلام سارا',
    html: '<p>سلام <b>سارا</b></p>',
    envelope: { from: 'bounce+17@example.com', to: ['sara@example.com', 'ali@example.com'] },
    headers: { 'X-Vafa-Message': '17', 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
  });
  const [mail] = sandbox.mail.records();
  expect(mail).toMatchObject({
    number: 1,
    envelopeFrom: 'bounce+17@example.com',
    envelopeTo: ['sara@example.com', 'ali@example.com'],
    from: 'فروشگاه وفا <shop@example.com>',
    to: ['سارا <sara@example.com>', 'ali@example.com'],
    subject: 'سلام',
    messageId: info.messageId,
  });
  expect(mail?.text.trim()).toBe('سلام سارا');
  expect(mail?.html?.trim()).toBe('<p>سلام <b>سارا</b></p>');
  expect(mail?.headers).toContainEqual({ name: 'x-vafa-message', value: '17' });
  expect(mail?.headers).toContainEqual({ name: 'list-unsubscribe-post', value: 'List-Unsubscribe=One-Click' });
});

it('takes any credentials, since an adapter may be configured with some', async () => {
  const transport = nodemailer.createTransport(sandbox.smtpUrl.replace('//', '//user:secret@'));
  await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', text: 'hi' });
  transport.close();
  expect(sandbox.mail.records()).toHaveLength(1);
});

it('sends many over one pooled connection', async () => {
  const { port, hostname } = new URL(sandbox.smtpUrl);
  const transport = nodemailer.createTransport({ pool: true, maxConnections: 1, host: hostname, port: Number(port) });
  sandbox.mail.script.forRecipient('c3@example.com', 550);
  const sent = Array.from({ length: 6 }, (_, index) =>
    transport.sendMail({ from: 'a@example.com', to: `c${index}@example.com`, text: 'hi' }),
  );
  const failed = (await Promise.allSettled(sent)).map(({ status }) => status === 'rejected');
  transport.close();
  expect(failed).toEqual([false, false, false, true, false, false]);
  expect(sandbox.mail.records()).toHaveLength(5);
});

describe('a scripted behaviour', () => {
  it.each<[MailBehaviourInput, string, boolean]>([
    ['ok', 'accepted', true],
    [550, 'refused 550', false],
    [452, 'refused 452', false],
    [{ kind: 'reject', code: 554, at: 'data', text: 'spam' }, 'refused 554', false],
    ['dropBeforeData', 'broken ECONNECTION', false],
    ['hang', 'broken ETIMEDOUT', false],
    ['acceptThenDrop', 'broken ECONNECTION', true],
    ['acceptThenHang', 'broken ETIMEDOUT', true],
  ])('%o', async (behaviour, seen, accepted) => {
    sandbox.mail.script.next(behaviour);
    const hangs = seen.endsWith('ETIMEDOUT');
    expect(await outcome({}, hangs ? 500 : undefined)).toBe(seen);
    expect(sandbox.mail.records()).toHaveLength(accepted ? 1 : 0);
    expect(await outcome()).toBe('accepted');
  });

  it('holds for one recipient, for as often as told', async () => {
    sandbox.mail.script.forRecipient('Ali@example.com', 550);
    sandbox.mail.script.forRecipient('nima@example.com', 452, { times: 1 });
    const info = await sendMail({ to: ['sara@example.com', 'ali@example.com'] });
    expect(info).toMatchObject({ accepted: ['sara@example.com'], rejected: ['ali@example.com'] });
    expect(sandbox.mail.records()[0]?.envelopeTo).toEqual(['sara@example.com']);
    expect(await outcome({ to: 'nima@example.com' })).toBe('refused 452');
    expect(await outcome({ to: 'nima@example.com' })).toBe('accepted');
    sandbox.mail.script.forRecipient('ali@example.com', 'ok');
    expect(await outcome({ to: 'ali@example.com' })).toBe('accepted');
    expect(sandbox.mail.script.counts()).toMatchObject({ reject: 2, ok: 3 });
  });

  it('comes at random from a seed', async () => {
    const play = async () => {
      sandbox.mail.script.random({ rejectRate: 0.3, rejectCode: 451, acceptThenDropRate: 0.3, seed: 3 });
      const seen: string[] = [];
      for (let index = 0; index < 12; index += 1) seen.push(await outcome());
      return seen;
    };
    const first = await play();
    expect(new Set(first)).toEqual(new Set(['accepted', 'refused 451', 'broken ECONNECTION']));
    expect(await play()).toEqual(first);
  });
});

it('does not keep a message whose sender goes away in the middle', async () => {
  const { port, hostname } = new URL(sandbox.smtpUrl);
  const socket = connect(Number(port), hostname);
  socket.setEncoding('utf8');
  const commands = ['EHLO x', 'MAIL FROM:<a@x.ir>', 'RCPT TO:<b@x.ir>', 'DATA', 'Subject: half\r\n\r\nhalf a te'];
  for await (const reply of socket) {
    if (String(reply).startsWith('354')) {
      socket.write(commands.at(-1) ?? '');
      socket.destroySoon();
      break;
    }
    socket.write(`${commands.shift()}\r\n`);
  }
  expect(await outcome()).toBe('accepted');
  expect(sandbox.mail.records().map(({ subject }) => subject)).toEqual(['x']);
});

it('refuses a message over 10 MiB', async () => {
  expect(await outcome({ text: 'x'.repeat(10_485_760) })).toBe('refused 552');
  expect(sandbox.mail.records()).toEqual([]);
});
