import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { event, PurchaseCompleted } from '@vafa/contracts';
import { ledger } from '@vafa/ledger';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCommand } from './run-command.fixture.ts';

const folder = mkdtempSync(`${tmpdir()}/vafa-ledger-`);
let h: Harness;
/** A process that starts on a busy machine takes its time. */
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  h = await startHarness({ services: [ledger] });
  await h.http('ledger').inject({
    method: 'PUT',
    url: '/v1/programme',
    payload: {
      name: 'Club',
      rates: [{ currency: 'EUR', points: 1, perMinor: 100 }],
      rounding: 'floor',
      expiresAfterDays: null,
      expiringSoonDays: 0,
      reservationTtlSeconds: 900,
      returnPolicy: 'allow_negative',
      timeZone: 'Europe/Berlin',
    },
  });
  await h.publish(
    ['ann', 'bob', 'cid'].map((customerId) =>
      event(
        PurchaseCompleted,
        { id: `e-${customerId}`, source: '/test', time: '2026-11-21T08:00:00Z' },
        { customerId, orderId: `o-${customerId}`, currency: 'EUR', totalMinor: 5_000, lines: [] },
      ),
    ),
  );
  await h.settle();
});
afterAll(async () => {
  await h?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => runCommand('./ledger.ts', h.adminUrl, args);

test('a sound book: progress, one line, code 0; the heads are written and found again', async () => {
  const heads = `${folder}/heads.json`;
  const first = await run('verify', '--heads', heads);
  expect(first).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^the book is sound \(\d+ chains? of seals\)\n$/),
  });
  expect(first.err).toContain('seals: ');
  expect(JSON.parse(readFileSync(heads, 'utf8')).length).toBeGreaterThan(0);
  expect((await run('verify', '--heads', heads)).code).toBe(0);
});

test('a tampered book: what is broken is named, code 1, and the kept heads stay', async () => {
  const heads = `${folder}/heads.json`;
  const kept = readFileSync(heads, 'utf8');
  const [row] = await h.admin<{ id: string }[]>`select id from ledger.transfer where order_id = 'o-bob'`;
  await h.admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`update ledger.transfer set amount = 500, balance_after = 500 where id = ${row?.id ?? ''}`;
    await tx`update ledger.lot set granted = 500, remaining = 500 where id = ${row?.id ?? ''}`;
    await tx`update ledger.balance set active = 500, earned = 500 where customer_id = 'bob'`;
    await tx`update ledger.purchase set points_earned = 500, total_minor = 50000 where order_id = 'o-bob'`;
  });
  const found = await run('verify', '--heads', heads);
  expect(found.code).toBe(1);
  expect(found.out.trim().split('\n').slice(2)).toEqual([
    expect.stringMatching(new RegExp(`^sealed_entry_changed +${row?.id} +is not as it was sealed in p\\d/0/1$`)),
  ]);
  expect(readFileSync(heads, 'utf8')).toBe(kept);
});

test('wrong use tells how, with code 2', async () => {
  const { code, err } = await run('frobnicate');
  expect(code).toBe(2);
  expect(err).toContain('usage:');
});

test('a file of heads that could not be written is refused before the book is checked', async () => {
  const { code, err } = await run('verify', '--heads', `${folder}/none/heads.json`);
  expect(code).toBe(2);
  expect(err).toBe(`${folder}/none/heads.json can't be written: there is no folder ${folder}/none\n`);
});
