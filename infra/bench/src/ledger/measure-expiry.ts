import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '@vafa/bus';
import { percentile } from '../percentile.ts';
import { createFeed } from './feed-bus.ts';
import { endlessPurchases } from './feed-purchases.ts';
import { openLedger } from './open-ledger.ts';

export interface ExpiryFigures {
  lots: number;
  seconds: number;
  purchasesPerSecond: number;
  purchaseBatchP99Ms: number;
}

const LOTS_PER_CUSTOMER = 4;
const POINTS = 10;
/** Purchases that go on meanwhile, so many a second: batches at a steady pace. */
const PURCHASES_PER_SECOND = 1_000;
const PURCHASE_BATCH = 100;
const PACE_MS = (PURCHASE_BATCH * 1_000) / PURCHASES_PER_SECOND;

/** A book in which so many lots expire at the same instant, a moment ago. */
const fill = async (admin: Sql, lots: number): Promise<void> => {
  const customers = Math.ceil(lots / LOTS_PER_CUSTOMER);
  const held = LOTS_PER_CUSTOMER * POINTS;
  await admin`insert into ledger.balance (customer_id, active, earned, seq, next_expiry_at, last_expiry_at, next_unnoticed_at)
    select 'old-' || i, ${held}, ${held}, ${LOTS_PER_CUSTOMER}, at, at, at
    from generate_series(1, ${customers}::int) i, date_trunc('second', now()) as at`;
  await admin`
    with made as materialized (
      select gen_random_uuid() as id, 'old-' || i as customer_id, n
      from generate_series(1, ${customers}::int) i, generate_series(1, ${LOTS_PER_CUSTOMER}::int) n
    ), transfers as (
      insert into ledger.transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at)
      select id, customer_id, n, 'earn', 'issued/p0', 'customer', ${POINTS}, n * ${POINTS}::int, now() - interval '1 year', now()
      from made
    )
    insert into ledger.lot (id, customer_id, granted, remaining, expires_at, noticed)
    select id, customer_id, ${POINTS}, ${POINTS}, date_trunc('second', now()), true from made`;
  await admin`analyze ledger.balance, ledger.lot, ledger.transfer`;
};

/** Points of many customers expire at one midnight while purchases go on. */
export const measureExpiry = async (
  dir: string,
  options: { lots: number; say: (line: string) => void },
): Promise<ExpiryFigures> => {
  const ledger = await openLedger(dir, 6);
  try {
    options.say(`expiry: making ${options.lots} lots …`);
    await fill(ledger.admin, options.lots);
    const feed = createFeed(endlessPurchases(100_000));
    await ledger.consume(feed, { maxBatch: PURCHASE_BATCH, concurrency: 1 });
    options.say('expiry: midnight …');
    let expiring = true;
    const begun = performance.now();
    let seconds = 0;
    const expire = async (): Promise<void> => {
      await ledger.runJob('settle-what-is-due');
      seconds = (performance.now() - begun) / 1_000;
      expiring = false;
    };
    let batches = 0;
    const wanted = async (): Promise<boolean> => {
      await sleep(Math.max(0, begun + PACE_MS * batches++ - performance.now()));
      return expiring;
    };
    const [figures] = await Promise.all([feed.run(wanted), expire()]);
    const [left] = await ledger.admin<{ n: number }[]>`
      select count(*) as n from ledger.lot where customer_id like 'old-%' and remaining > 0`;
    if (left?.n !== 0) throw new Error(`${left?.n} lots did not expire`);
    return {
      lots: options.lots,
      seconds,
      purchasesPerSecond: figures.records / figures.seconds,
      purchaseBatchP99Ms: percentile(figures.batchMs, 0.99),
    };
  } finally {
    await ledger.stop();
  }
};
