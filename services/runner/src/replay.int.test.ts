import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { printReport, type ReplayOptions, type ReplayReport, replay, type ServiceUrls } from '@vafa/gateway';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedDemonstration } from './demonstration.ts';
import { SERVICES } from './services.ts';

/** Ten of something, four of which came back; five of it; one sold to nobody knows whom. */
const INVOICES = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,tea,TEA,10,2010-12-01 08:26:00,10.00,501.0,EIRE
2,tea,TEA,5,2010-12-02 08:26:00,10.00,502.0,EIRE
C3,tea,TEA,-4,2010-12-03 08:26:00,10.00,501.0,EIRE
4,tea,TEA,1,2010-12-03 08:27:00,10.00,,EIRE
`;
/** A customer who agreed to messages, with an old purchase of what reminders wait for. */
const OLD_PURCHASE = JSON.stringify({
  type: 'purchase.completed',
  occurredAt: '2025-01-15T10:00:00+03:30',
  data: {
    customerId: 'sara',
    orderId: 'old-1',
    currency: 'IRR',
    totalMinor: 5_000_000,
    lines: [{ sku: 'coffee-250', category: 'coffee', quantity: 2, amountMinor: 5_000_000 }],
  },
});

const JOBS_EVERY_MS = 50;

let h: Harness;
let folder: string;
let urls: ServiceUrls;

beforeAll(async () => {
  h = await startHarness({ services: SERVICES, now: '2026-11-21T08:00:00Z' });
  folder = mkdtempSync(`${tmpdir()}/vafa-replay-`);
  const addresses: [string, string][] = [];
  for (const { name } of SERVICES)
    addresses.push([name, await h.service(name).app.listen({ host: '127.0.0.1', port: 0 })]);
  urls = Object.fromEntries(addresses) as unknown as ServiceUrls;
  await seedDemonstration({ ...urls }, h.apiKey);
  await h.settle();
});
afterAll(async () => {
  await h?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Replays while the jobs of the services run, as they do outside of tests. */
const run = async (file: string, format: ReplayOptions['format']): Promise<ReplayReport> => {
  let running = true;
  const jobs = async () => {
    while (running) {
      for (const { name } of SERVICES) await h.service(name).runJobs();
      await setTimeout(JOBS_EVERY_MS);
    }
  };
  const options: ReplayOptions = {
    file: `${folder}/${file}`,
    format,
    urls,
    apiKey: h.apiKey,
    stateDir: folder,
    shiftToNow: false,
    limit: undefined,
    restart: false,
    wait: true,
    patienceMs: 30_000,
    signal: new AbortController().signal,
    out: { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream,
  };
  const working = jobs();
  try {
    return await replay(options);
  } finally {
    running = false;
    await working;
  }
};

test('history becomes points and lifecycle states, messages nobody, and a second run changes nothing', async () => {
  writeFileSync(`${folder}/invoices.csv`, INVOICES);
  writeFileSync(`${folder}/old.ndjson`, OLD_PURCHASE);
  await run('old.ndjson', 'vafa');
  const first = await run('invoices.csv', 'online-retail');
  expect(first).toMatchObject({ linesRead: 4, unaccounted: 0 });
  expect(first.aftermath).toMatchObject({ atRest: true, unreachable: [] });
  expect(first.aftermath?.deadLetters).toEqual({});
  expect(first.aftermath?.ledger).toMatchObject({
    points: { issued: 100 + 50 + 500, clawedBack: 40, sumOfAllEntries: 0 },
    counts: { purchases: 3, refunds: 1 },
  });
  expect(first.aftermath?.lifecycle).toMatchObject({ churned: 3, new: 0 });
  const sent = Object.keys(first.aftermath?.messages ?? {}).filter((outcome) => /sent|delivered|queued/.test(outcome));
  expect(sent).toEqual([]);

  const text = printReport(first);
  expect(text).toMatch(/points issued\s+650/);
  expect(text).toMatch(/points taken back\s+40/);
  expect(text).toMatch(/sum of all entries \(must be 0\)\s+0/);
  expect(text).toMatch(/dead letters\s+none/);

  const second = await run('invoices.csv', 'online-retail');
  const { waitedSeconds: _first, ...before } = first.aftermath ?? {};
  const { waitedSeconds: _second, ...after } = second.aftermath ?? {};
  expect(after).toEqual(before);
});
