import { afterAll, beforeAll, test } from 'vitest';
import { purchase } from '../test/events.fixture.ts';
import { expectBooksToAgree, IRAN } from '../test/finance-books.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  const tiers = structure({ levels: [level('base', 0), level('silver', 500)] });
  // 23:59 in Tehran: the day is closed before anybody is counted anew by these tiers.
  ledger = await startLedger({ ...IRAN, tiers }, { now: '2026-10-02T20:29:00Z' });
});
afterAll(() => ledger.stop());

test('points of a free level are told under it from the moment at which tiers are in force', async () => {
  await ledger.send(purchase('ann', 'ann-1', 2_100, { time: ledger.clock.now().toString() }));
  await expectBooksToAgree(ledger, '1405-07', '1405-07');
  for (const wait of ['PT2M', 'P1D']) {
    ledger.clock.advance(wait);
    await ledger.settle();
    await expectBooksToAgree(ledger, '1405-07', '1405-07');
    await ledger.verify();
  }
});
