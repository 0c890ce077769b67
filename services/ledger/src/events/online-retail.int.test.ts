import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { naivePoints, readInvoices } from '../test/naive-oracle.fixture.ts';

const FILE = fileURLToPath(new URL('../../../../../shared/data/online_retail.csv.gz', import.meta.url));
const there = existsSync(FILE);
const PER_MINOR = 100;
const PORTION = 2_000;

describe.skipIf(!there)(
  `a year of a real shop${there ? '' : ' (skipped: online_retail.csv.gz is not in ../shared/data)'}`,
  () => {
    let ledger: LedgerHarness;
    beforeAll(async () => {
      ledger = await startLedger({ rates: [{ currency: 'EUR', points: 1, perMinor: PER_MINOR }] });
    });
    afterAll(() => ledger?.stop());

    test('every customer has, to the point, what one works out on paper', { timeout: 300_000 }, async () => {
      const invoices = readInvoices(FILE);
      const events = invoices.map(({ kind, invoice, customerId, time, lines, totalMinor }) =>
        kind === 'purchase'
          ? purchase(customerId, invoice, totalMinor, { lines, time })
          : refund(customerId, invoice, { scope: 'lines', lines, time }),
      );
      for (let i = 0; i < events.length; i += PORTION) {
        await ledger.publish(events.slice(i, i + PORTION));
        await ledger.settle();
      }
      const expected = naivePoints(invoices, PER_MINOR);
      const rows = await ledger.sql('ledger')<{ id: string; points: number }[]>`
        select customer_id as id, active - deficit as points from balance`;
      const booked = new Map(rows.map(({ id, points }) => [id, points]));
      const everybody = [...new Set([...expected.keys(), ...booked.keys()])];
      expect(everybody.filter((id) => (booked.get(id) ?? 0) !== (expected.get(id) ?? 0))).toEqual([]);
      expect(expected.size).toBeGreaterThan(4_000);
      await ledger.verify();
    });
  },
);
