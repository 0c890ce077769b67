import { Topics } from '@vafa/contracts';
import { type Sandbox, startSandbox } from '@vafa/sandbox';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedDemonstration } from './demonstration.ts';
import { SERVICES } from './services.ts';

/** Midnight in Tehran: the transactional welcome goes out all the same, a promotional message would wait. */
const MIDNIGHT = '2026-11-21T20:30:00Z';

let h: Harness;
let sandbox: Sandbox;
const get = async (service: string, url: string) => (await h.http(service).inject({ method: 'GET', url })).json();
const purchase = (customerId: string, orderId: string) => ({
  customerId,
  orderId,
  currency: 'IRR',
  totalMinor: 2_500_000,
  lines: [{ sku: 'coffee-250', name: 'قهوه', category: 'coffee', quantity: 1, amountMinor: 2_500_000 }],
});
const buy = (customerId: string, orderId: string) =>
  h.http('gateway').inject({ method: 'POST', url: '/v1/purchases', payload: purchase(customerId, orderId) });

beforeAll(async () => {
  sandbox = await startSandbox();
  h = await startHarness({
    services: SERVICES,
    now: MIDNIGHT,
    settings: {
      MESSAGING_KAVENEGAR_BASE_URL: sandbox.smsUrl,
      MESSAGING_KAVENEGAR_API_KEY: sandbox.apiKey,
      MESSAGING_KAVENEGAR_SENDER: '10000000',
      MESSAGING_SMTP_URL: sandbox.smtpUrl,
      MESSAGING_PROMOTIONAL_PER_DAY: '5',
    },
  });
  const urls = Object.fromEntries(
    await Promise.all(
      SERVICES.map(
        async ({ name }) => [name, await h.service(name).app.listen({ host: '127.0.0.1', port: 0 })] as const,
      ),
    ),
  );
  await seedDemonstration(urls, h.apiKey);
  await seedDemonstration(urls, h.apiKey);
  await h.settle();
});
afterAll(async () => {
  await h?.stop();
  await sandbox?.stop();
});

test('a purchase becomes points, a segment, messages in the customer’s language and a reminder', async () => {
  expect((await buy('sara', 'order-1')).statusCode).toBe(202);
  expect((await buy('john', 'order-2')).statusCode).toBe(202);
  await h.settle();

  expect(await get('ledger', '/v1/customers/sara/balance')).toMatchObject({ active: 250, earned: 250 });
  expect((await get('segmentation', '/v1/customers/sara')).lifecycle.state).toBe('new');
  const texts = new Map(sandbox.sms.records().map(({ receptor, text }) => [receptor.slice(-9), text]));
  expect([...texts.values()]).toEqual(
    expect.arrayContaining([expect.stringContaining('۲۵۰ امتیاز'), expect.stringContaining('You earned 250 points')]),
  );
  expect(
    sandbox.mail
      .records()
      .map(({ subject }) => subject)
      .sort(),
  ).toEqual(['Welcome to the club', 'به باشگاه مشتریان خوش آمدید']);
  const { reminders } = await get('reminders', '/v1/customers/sara/reminders');
  // Three weeks later at 10:00 in Tehran.
  expect(reminders).toMatchObject([{ status: 'scheduled', dueAt: '2026-12-13T06:30:00Z' }]);
});

test('the same purchase again changes nothing', async () => {
  const before = [await get('ledger', '/v1/customers/sara/balance'), await get('segmentation', '/v1/customers/sara')];
  await buy('sara', 'order-1');
  await h.settle();
  expect([await get('ledger', '/v1/customers/sara/balance'), await get('segmentation', '/v1/customers/sara')]).toEqual(
    before,
  );
  expect(sandbox.sms.records()).toHaveLength(2);
});

test('one trace runs from the request to the message', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await h
    .http('gateway')
    .inject({ method: 'PUT', url: '/v1/customers/traced', payload: { phone: '09120000001', locale: 'fa' } });
  await h.http('gateway').inject({
    method: 'POST',
    url: '/v1/purchases',
    headers: { traceparent },
    payload: purchase('traced', 'order-traced'),
  });
  await h.settle();
  for (const topic of [Topics.purchases, Topics.points, Topics.segments, Topics.messageRequests, Topics.messages]) {
    const traces = (await h.events(topic))
      .filter(({ subject }) => subject === 'traced')
      .map((each) => each.traceparent ?? '');
    expect(traces.length, topic.name).toBeGreaterThan(0);
    for (const trace of traces) expect(trace, topic.name).toContain('0af7651916cd43dd8448eb211c80319c');
  }
});

test('silence makes a customer at risk; the reminder goes out by day unless she bought again', async () => {
  h.clock.set('2026-12-13T06:30:01Z');
  await buy('john', 'order-3');
  await h.settle();
  const reminded = sandbox.sms.records().filter(({ text }) => /قهوه|coffee/i.test(text));
  expect(reminded.map(({ receptor }) => receptor.slice(-9))).toEqual(['121234567']);

  h.clock.set('2027-01-21T08:00:00Z');
  await h.settle();
  expect((await get('segmentation', '/v1/customers/sara')).lifecycle.state).toBe('at_risk');
  const changes = (await h.events(Topics.segments)).filter(({ subject }) => subject === 'sara');
  expect(changes.map(({ data }) => (data as { to: string }).to)).toEqual(['new', 'at_risk']);
});

test('whoever asks to be forgotten is forgotten in every service', async () => {
  await h.http('gateway').inject({ method: 'DELETE', url: '/v1/customers/sara' });
  await h.settle();
  const tables = await h.admin<{ schema: string; name: string }[]>`select table_schema as schema, table_name as name
    from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema in ('gateway', 'ledger', 'segmentation', 'campaigns', 'messaging', 'reminders')`;
  const found: string[] = [];
  for (const { schema, name } of tables) {
    const rows = await h.admin<{ text: string }[]>`select t::text as text from ${h.admin(`${schema}.${name}`)} t`;
    if (rows.some(({ text }) => /989121234567|sara@example|سارا/.test(text))) found.push(`${schema}.${name}`);
  }
  expect(found).toEqual([]);
});
