import { request } from 'node:http';
import nodemailer from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, send } from '../kavenegar-calls.fixture.ts';
import { type Sandbox, startSandbox } from '../start-sandbox.ts';
import type { MessageView } from './message-view.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ sentAfterMs: 10_000 });
});
afterEach(() => sandbox.stop());

const get = async (path: string) => {
  const response = await fetch(`${sandbox.inboxUrl}${path}`);
  return { status: response.status, headers: response.headers, body: await response.text() };
};
const list = async (query = '') =>
  JSON.parse((await get(`/messages${query}`)).body) as { count: number; messages: MessageView[] };
const sendMail = async (fields: object = {}) => {
  const transport = nodemailer.createTransport(sandbox.smtpUrl);
  await transport.sendMail({
    from: 'shop@example.com',
    to: 'sara@example.com',
    subject: 'سلام',
    text: 'متن',
    ...fields,
  });
  transport.close();
};

describe('/messages', () => {
  it('tells both channels, newest first', async () => {
    await send(sandbox, '7', { tag: 'welcome' });
    await sendMail({ html: '<p>متن</p>', headers: { 'X-Vafa-Message-Id': '9', 'X-Other': 'no' } });
    const { count, messages } = await list();
    expect(count).toBe(2);
    expect(messages).toEqual([
      {
        id: 2,
        channel: 'email',
        receivedAt: expect.stringMatching(/Z$/),
        to: ['sara@example.com'],
        from: 'shop@example.com',
        subject: 'سلام',
        text: expect.stringMatching(/^متن/),
        hasHtml: true,
        messageId: expect.stringMatching(/^<.+>$/),
        vafaHeaders: { 'x-vafa-message-id': '9' },
      },
      {
        id: 1,
        channel: 'sms',
        receivedAt: expect.stringMatching(/Z$/),
        to: ['09121234567'],
        from: '10000000',
        text: 'سلام',
        messageId: '1000000000',
        vafaHeaders: {},
        sms: {
          localId: '7',
          status: 1,
          statusText: 'در صف ارسال',
          encoding: 'ucs2',
          parts: 1,
          costRial: 1_500,
          tag: 'welcome',
        },
      },
    ]);
  });

  it('filters by channel, recipient and limit', async () => {
    await send(sandbox, '1');
    await send(sandbox, '2', { receptor: '09351112233' });
    await sendMail();
    expect((await list('?channel=sms&limit=1')).messages.map(({ id }) => id)).toEqual([2]);
    expect((await list('?to=%2B989121234567')).messages.map(({ id }) => id)).toEqual([1]);
    expect((await list('?to=sara')).messages.map(({ id }) => id)).toEqual([3]);
    for (const query of ['?channel=fax', '?limit=0', '?limit=5001', '?limit=x', `?to=${'x'.repeat(321)}`]) {
      expect((await get(`/messages${query}`)).status).toBe(400);
    }
  });

  it('tells one message with its HTML and all headers', async () => {
    await sendMail({ html: '<p>متن</p>' });
    const { body } = await get('/messages/1');
    expect(JSON.parse(body)).toMatchObject({
      id: 1,
      html: expect.stringMatching('<p>متن</p>'),
      envelopeFrom: 'shop@example.com',
    });
    expect((await get('/messages/2')).status).toBe(404);
    expect((await get('/messages/x')).status).toBe(400);
  });
});

describe('/messages/:id/html', () => {
  it('is the HTML of the e-mail, shut in by its policy, with links that open outside', async () => {
    await sendMail({
      html: '<html><head><title>x</title></head><body><a href="https://example.com">a</a></body></html>',
    });
    const { headers, body } = await get('/messages/1/html');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/; sandbox allow-popups allow-popups-to-escape-sandbox$/);
    expect(policy).not.toMatch(/allow-scripts|allow-same-origin|script-src/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(body).toContain('<head><base target="_blank"><title>');
  });

  it('is not there for SMS and plain e-mails', async () => {
    await send(sandbox, '1');
    await sendMail();
    expect((await get('/messages/1/html')).status).toBe(404);
    expect((await get('/messages/2/html')).status).toBe(404);
  });
});

describe('the page', () => {
  it('shows list and open message, Persian in its own direction', async () => {
    await send(sandbox, '1', { message: 'سلام سارا، ۱۲۰ امتیاز گرفتی https://example.com/a?b=1&c=2.' });
    await sendMail({ subject: 'Your points', headers: { 'X-Vafa-Campaign': 'welcome' } });
    const sms = (await get('/?id=1')).body;
    expect(sms).toContain('<span class="preview" dir="auto">سلام سارا');
    expect(sms).toContain('<div class="bubble" dir="auto">سلام سارا');
    expect(sms).toContain('href="https://example.com/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer"');
    expect(sms).toContain('1 part · UCS-2');
    const mail = (await get('/?id=2')).body;
    expect(mail).toContain('<h2 dir="auto">Your points</h2>');
    expect(mail).toContain('<dt>X-Vafa-Campaign</dt><dd><bdi>welcome</bdi></dd>');
    expect(mail).not.toContain('<iframe');
    expect((await get('/?id=99')).body).toContain('no longer kept');
    expect((await get('/?channel=email')).body).not.toContain('class="row sms"');
    expect((await get('/?to=nobody')).body).toContain('Nothing here fits the filter');
  });

  it('shows HTML e-mails in a frame without scripts and same origin', async () => {
    await sendMail({ html: '<p>x</p>' });
    expect((await get('/?id=1')).body).toMatch(
      /<iframe title="E-mail content" src="\/messages\/1\/html"\s+sandbox="allow-popups allow-popups-to-escape-sandbox"/,
    );
  });

  it('shows 100, and more when asked', async () => {
    const receptor = Array.from({ length: 130 }, (_, index) => `0912${1_000_000 + index}`).join();
    await call(sandbox, 'sms/send', { receptor, message: 'x' });
    const rows = async (path: string) => (await get(path)).body.match(/class="row sms"/g)?.length;
    expect(await rows('/')).toBe(100);
    expect((await get('/')).body).toContain('href="/?limit=300">Show more (30 older)');
    expect(await rows('/?limit=300')).toBe(130);
  });

  it('allows no code but its own', async () => {
    const { headers, body } = await get('/');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(body).not.toMatch(/<style|\sstyle="|<script>|\son[a-z]+="/);
    expect(body.match(/(?:src|href)="[^"]*"/g)?.filter((link) => !/="(?:\/|data:,)/.test(link))).toEqual([]);
    expect((await get('/inbox.js')).headers.get('content-type')).toContain('text/javascript');
    expect((await get('/inbox.css')).headers.get('content-type')).toContain('text/css');
  });
});

describe('what comes from outside', () => {
  const attack = `"'><script>alert(1)</script><img src=x onerror=alert(2)>`;

  it('is escaped wherever the page shows it', async () => {
    await send(sandbox, '1', { message: `${attack} javascript:alert(3) https://x.ir/"onmouseover="alert(4)` });
    await sendMail({
      from: { name: attack, address: 'shop@example.com' },
      subject: attack,
      text: attack,
      html: `<p>${attack}</p>`,
      headers: { 'X-Vafa-Campaign': attack },
    });
    const query = encodeURIComponent(attack);
    const pages = [`/?id=1`, `/?id=2`, `/?to=${query}`, `/?to=${query}&channel=sms&id=1`];
    for (const path of pages) {
      const { body } = await get(path);
      expect(body).toContain('&lt;script&gt;alert(1)');
      expect(body).not.toMatch(/<script>|<img|<[^>]*\sonmouseover=|href="javascript:/i);
    }
  });

  it('can not name another host (DNS rebinding)', async () => {
    const { port } = new URL(sandbox.inboxUrl);
    const statusFor = (host: string) =>
      new Promise((resolve, reject) => {
        request({ port, host: '127.0.0.1', path: '/messages', headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await statusFor(`evil.example:${port}`)).toBe(403);
    expect(await statusFor(`localhost:${port}`)).toBe(200);
  });
});
