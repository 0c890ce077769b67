import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type EventEnvelope, Topics } from '@vafa/contracts';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { gateway } from '../service.ts';
import type { ReplayOptions, ServiceUrls } from './options.ts';
import { printReport } from './print-report.ts';
import { replay } from './replay.ts';
import { ReplayError } from './replay-error.ts';
import { DIRTY_INVOICES } from './source/dirty-invoices.fixture.ts';

const COMMAND = fileURLToPath(new URL('../../../runner/src/replay.ts', import.meta.url));

let h: Harness;
let url: string;
let folder: string;

beforeAll(async () => {
  h = await startHarness({ services: [gateway], now: '2026-11-21T08:00:00Z' });
  url = await h.service('gateway').app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => h?.stop());
beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/vafa-replay-`);
  return () => rmSync(folder, { recursive: true });
});

/** What the terminal would see. */
const screen = () => {
  const written: string[] = [];
  const out = { isTTY: false, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream;
  return { out, text: () => written.join('') };
};

const run = (file: string, more: Partial<ReplayOptions> = {}) =>
  replay({
    file: `${folder}/${file}`,
    format: 'online-retail',
    urls: { gateway: url } as ServiceUrls,
    apiKey: h.apiKey,
    stateDir: folder,
    shiftToNow: false,
    limit: undefined,
    restart: false,
    wait: false,
    patienceMs: 10_000,
    signal: new AbortController().signal,
    out: screen().out,
    ...more,
  });
const put = (name: string, content: string | Buffer) => writeFileSync(`${folder}/${name}`, content);

const published = async (prefix: string): Promise<EventEnvelope[]> =>
  (await h.events(Topics.purchases)).filter(({ id }) => id.includes(prefix));
/** As a consumer sees them: the first of each id counts. */
const once = (events: readonly EventEnvelope[]) =>
  [...new Map([...events].reverse().map((event) => [event.id, event])).values()].reverse();

test('a gzip file goes in through the gateway, twice the same', async () => {
  put('dirty.csv.gz', gzipSync(DIRTY_INVOICES));
  const report = await run('dirty.csv.gz');
  expect(report).toMatchObject({ linesRead: 29, unaccounted: 0, eventsSent: 8, eventsBefore: 0 });
  expect(report.events).toEqual({ purchases: { events: 6, lines: 8 }, refunds: { events: 2, lines: 2 } });
  const first = await published('online-retail:');
  expect(first.map(({ id }) => id).sort()).toEqual([
    'purchase:online-retail:536365',
    'purchase:online-retail:536366',
    'purchase:online-retail:536370',
    'purchase:online-retail:537197',
    'purchase:online-retail:550193',
    'purchase:online-retail:600009',
    'refund:online-retail:C536365',
    'refund:online-retail:C536379',
  ]);
  expect(first.find(({ id }) => id === 'purchase:online-retail:536365')?.time).toBe('2010-12-01T08:26:00Z');
  const ofOne = first.filter(({ subject }) => subject === '17850').map(({ id }) => id);
  expect(ofOne).toEqual([
    'purchase:online-retail:536365',
    'purchase:online-retail:536366',
    'refund:online-retail:C536365',
  ]);

  const again = await run('dirty.csv.gz');
  expect(again).toMatchObject({ linesRead: 29, eventsSent: 8, eventsBefore: 0 });
  const all = await published('online-retail:');
  expect(all).toHaveLength(16);
  const content = (events: readonly EventEnvelope[]) =>
    events.map(({ id, time, data }) => JSON.stringify([id, time, data])).sort();
  expect(new Set(content(all))).toEqual(new Set(content(first)));

  const text = printReport(report);
  expect(text).toMatch(/lines read\s+29/);
  expect(text).toMatch(/purchases\s+6 from 8 lines/);
  expect(text).toMatch(/no_customer\s+7\n/);
  expect(text).toMatch(/lines not accounted for\s+0/);
});

test('what the gateway refuses is reported with its reason and lines', async () => {
  const line = (data: object, type = 'purchase') => JSON.stringify({ type, data, occurredAt: '2026-01-01T00:00:00Z' });
  put(
    'mixed.ndjson',
    [
      line({ customerId: 'v1', orderId: 'v-1', currency: 'EUR', totalMinor: 5, lines: [] }),
      line({ customerId: 'v1', orderId: 'v-2', currency: 'XXQ', totalMinor: 5, lines: [] }),
      line({ customerId: 'v1', phone: '09121234567', locale: 'fa' }, 'customer'),
      line({ customerId: 'v1', phone: 'none' }, 'customer'),
      line(
        { customerId: 'v1', channel: 'sms', purpose: 'service', granted: true, consentSource: 'desk' },
        'customer.consent_changed',
      ),
      line({ customerId: 'v2', into: 'v1' }, 'customer.merged'),
      line({ customerId: 'v3' }, 'customer.erased'),
      line({ customerId: 'v1', interactionType: 'signup' }, 'interaction'),
    ].join('\n'),
  );
  const report = await run('mixed.ndjson', { format: 'vafa' });
  expect(report.unaccounted).toBe(0);
  expect(report.skipped).toEqual([
    { reason: 'refused/gateway.invalid_purchase', lines: 1, sampleLines: [2] },
    { reason: 'refused/gateway.invalid_customer', lines: 1, sampleLines: [4] },
  ]);
  expect(report.events).toMatchObject({
    purchases: { events: 1 },
    customers: { events: 1 },
    consents: { events: 1 },
    merges: { events: 1 },
  });
  const customers = (await h.events(Topics.customers)).filter(({ subject }) => /^v\d$/.test(subject));
  expect(customers.map(({ type, subject }) => `${type} ${subject}`).sort()).toEqual([
    'customer.consent_changed v1',
    'customer.erased v3',
    'customer.merged v2',
    'customer.updated v1',
  ]);
});

test('--shift-to-now moves the last time to now and keeps the distances, also the second time', async () => {
  // The machine's clock says what now is, the gateway's fake one what the future is.
  h.clock.set(Temporal.Now.instant());
  put('cdnow.txt', ' 1 0001 19970101 1 5.00\n 1 0001 19970103 1 7.00\n');
  const before = Temporal.Now.instant();
  const report = await run('cdnow.txt', { format: 'cdnow', shiftToNow: true });
  const times = async () => (await published('cdnow:')).map(({ time }) => Temporal.Instant.from(time));
  const [first, last] = (await times()) as [Temporal.Instant, Temporal.Instant];
  expect(last.since(first).total('hours')).toBe(48);
  expect(Math.abs(last.since(before).total('seconds'))).toBeLessThan(10);
  const second = await run('cdnow.txt', { format: 'cdnow', shiftToNow: true });
  expect(second.shiftSeconds).toBe(report.shiftSeconds);
  expect(new Set((await times()).map(String)).size).toBe(2);
});

test('--limit stops after whole events, and says what it left', async () => {
  put('dirty.csv', DIRTY_INVOICES);
  const report = await run('dirty.csv', { limit: 2 });
  expect(report).toMatchObject({ eventsSent: 2, unaccounted: 0 });
  expect(report.skipped.find(({ reason }) => reason === 'beyond_the_limit')?.lines).toBeGreaterThan(0);
});

test('a gateway that says later is waited for', async () => {
  const { bus } = h;
  const publish = bus.publish.bind(bus);
  let failures = 2;
  bus.publish = async (records) => {
    failures -= 1;
    if (failures >= 0) throw Object.assign(new Error('gone'), { code: 'CONNECTION_CLOSED' });
    return publish(records);
  };
  try {
    put('later.txt', ' 1 0009 19970101 1 5.00\n');
    const report = await run('later.txt', { format: 'cdnow' });
    expect(report.eventsSent).toBe(1);
    expect(failures).toBeLessThan(0);
  } finally {
    bus.publish = publish;
  }
});

test.each([
  ['a file that is not there', {}, 'missing.csv', 'no such file'],
  ['a key that is not known', { apiKey: 'vafa_wrong' }, 'dirty.csv', 'API key'],
])('%s ends it with one clear line', async (_name, more, file, says) => {
  put('dirty.csv', DIRTY_INVOICES);
  const failed = await run(file, more).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ReplayError);
  expect((failed as Error).message).toContain(says);
});

test('a gzip file that breaks off is told as damaged, and the position is kept', async () => {
  const whole = gzipSync(DIRTY_INVOICES);
  put('torn.csv.gz', whole.subarray(0, whole.length - 200));
  await expect(run('torn.csv.gz')).rejects.toThrow(/is damaged/);
});

describe('the command', () => {
  const start = (
    file: string,
    more: string[] = [],
  ): { child: ChildProcess; done: Promise<{ code: number | null; text: string }> } => {
    const child = spawn(
      process.execPath,
      [COMMAND, `${folder}/${file}`, '--format', 'online-retail', '--url', url, '--no-wait', ...more],
      {
        env: { VAFA_HOME: folder, VAFA_API_KEY: h.apiKey, PATH: process.env.PATH ?? '' },
      },
    );
    const parts: string[] = [];
    child.stdout?.on('data', (chunk) => parts.push(String(chunk)));
    child.stderr?.on('data', (chunk) => parts.push(String(chunk)));
    const done = new Promise<{ code: number | null; text: string }>((resolve) => {
      child.on('close', (code) => resolve({ code, text: parts.join('') }));
    });
    return { child, done };
  };

  test('killed in the middle goes on where it was: every event is there, in order, and none has two contents', {
    timeout: 60_000,
  }, async () => {
    const invoices = 12_000;
    const header = DIRTY_INVOICES.split('\n')[0];
    const lines = Array.from({ length: invoices }, (_, n) => {
      const minute = String(n % 60).padStart(2, '0');
      const hour = String(Math.floor(n / 60) % 24).padStart(2, '0');
      const day = String(1 + Math.floor(n / 1_440)).padStart(2, '0');
      const refund = n % 5 === 4;
      return `${refund ? 'C' : ''}9${n},tea,TEA,${refund ? -1 : 2},2011-01-${day} ${hour}:${minute}:00,1.25,k${n % 700},EIRE`;
    });
    put('many.csv', `${header}\n${lines.join('\n')}\n`);
    const { bus } = h;
    const publish = bus.publish.bind(bus);
    let taken = 0;
    let enough: () => void = () => undefined;
    const inTheMiddle = new Promise<void>((resolve) => {
      enough = resolve;
    });
    bus.publish = async (records) => {
      taken += 1;
      if (taken === 14) enough();
      // Holds whatever comes after until the child is dead, so that it dies with requests under way.
      if (taken >= 14) await killed;
      return publish(records);
    };
    const first = start('many.csv');
    const killed = first.done;
    try {
      await inTheMiddle;
      first.child.kill('SIGKILL');
      expect((await first.done).code).toBeNull();
    } finally {
      bus.publish = publish;
    }
    const [positionFile] = readdirSync(`${folder}/replay`);
    const position = JSON.parse(readFileSync(`${folder}/replay/${positionFile}`, 'utf8')) as {
      lanes: number[];
      finished: boolean;
    };
    const before = position.lanes.reduce((sum, n) => sum + n, 0);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(invoices);
    expect(position.finished).toBe(false);

    const second = await start('many.csv').done;
    expect(second.code).toBe(0);
    expect(second.text).toContain(`going on after ${before} events`);
    expect(second.text).toMatch(/lines not accounted for\s+0/);
    expect(second.text).toMatch(/purchases\s+9,600 from 9,600 lines/);

    const all = (await published('online-retail:')).filter(({ subject }) => subject.startsWith('k'));
    const distinct = once(all);
    expect(distinct).toHaveLength(invoices);
    expect(all.length).toBeLessThan(2 * invoices - before);
    const contents = new Set(all.map(({ id, time, data }) => JSON.stringify([id, time, data])));
    expect(contents.size).toBe(invoices);
    const lastTime = new Map<string, string>();
    for (const { subject, time } of distinct) {
      expect(time >= (lastTime.get(subject) ?? '')).toBe(true);
      lastTime.set(subject, time);
    }
  });

  test('with nothing listening says which command must run first', async () => {
    const child = spawn(process.execPath, [COMMAND, COMMAND, '--format', 'cdnow'], {
      env: { VAFA_HOME: folder, VAFA_PORT_BASE: '1', PATH: process.env.PATH ?? '' },
    });
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += String(chunk);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(1);
    expect(text.trim().split('\n')).toHaveLength(1);
    expect(text).toContain('`npm start` must run first');
  });

  test('of wrong arguments says what is allowed', async () => {
    const { code, text } = await start('x', ['--limit', 'few']).done;
    expect(code).toBe(2);
    expect(text).toContain('--limit must be a whole number');
  });
});
