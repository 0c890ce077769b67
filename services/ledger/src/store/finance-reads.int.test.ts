import { expect, test } from 'vitest';
import { monthTable } from '../domain/finance/months.ts';
import { zoneOf } from '../domain/programme.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { startLedger } from '../test/ledger.fixture.ts';
import { closeFinanceDay } from '../use-cases/close-finance.ts';
import { entryMovements, firstIdAt } from './finance.ts';

test("on a book's first day nothing of it is read to see whether a day can be closed", async () => {
  const young = await startLedger({ ...PROGRAMME }, { now: '2026-11-21T08:00:00Z' });
  try {
    const close = () =>
      young.sql('ledger').begin(async (tx) => {
        const closed = await closeFinanceDay(tx, young.clock.now(), zoneOf(PROGRAMME));
        const [row] = await tx<{ read: number }[]>`select seq_tup_read + coalesce(idx_tup_fetch, 0) as read
          from pg_stat_xact_user_tables where schemaname = 'ledger' and relname = 'transfer'`;
        return { closed, read: row?.read };
      });
    await young.send(purchase('ann', 'young-1', 1_000, { time: young.clock.now().toString() }));
    expect(await close()).toEqual({ closed: 0, read: 0 });
    young.clock.advance({ hours: 24 });
    const { closed, read } = await close();
    expect(closed).toBe(1);
    expect(read).toBeGreaterThan(0);
  } finally {
    await young.stop();
  }
});

test('the open part is found by the index on the time of recording: the book is not read', async () => {
  const big = await startLedger({ ...PROGRAMME });
  try {
    await big.admin.unsafe(`
      insert into ledger.transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at)
      select ('${firstIdAt(0).slice(0, 9)}0000-0000-' || lpad(to_hex(n / 4294967296), 4, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid,
        'c' || n, 1, case when n % 20 = 0 then 'redeem' else 'earn' end,
        case when n % 20 = 0 then 'customer' else 'issued/p1' end, case when n % 20 = 0 then 'redeemed/api' else 'customer' end,
        10, 10, timestamptz '2026-01-01Z' + n * interval '1 minute', timestamptz '2026-01-01Z' + n * interval '1 minute'
      from generate_series(1::bigint, 300000::bigint) as n`);
    await big.admin.unsafe('vacuum analyze ledger.transfer');
    const zone = { calendar: 'gregorian', timeZone: 'UTC' } as const;
    const sinceMs = Date.parse('2026-07-20T00:00:00Z');
    const table = monthTable(zone, 0, sinceMs + 86_400_000);
    const statement = entryMovements(big.sql('ledger'), { sinceMs, untilMs: null }, table, table, { tiers: false });
    const plan = (await big.sql('ledger')`explain (costs off) ${statement}`).map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('transfer_recorded');
    expect(plan).not.toContain('Seq Scan on transfer');
    expect(plan).not.toContain('Seq Scan on allocation');
  } finally {
    await big.stop();
  }
});
