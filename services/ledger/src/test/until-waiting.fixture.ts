import type { LedgerHarness } from './ledger.fixture.ts';

const LOOK_MS = 5;

/** Returns once so many statements of the ledger's database wait for a lock. */
export const untilWaiting = async (ledger: LedgerHarness, statements = 1): Promise<void> => {
  for (;;) {
    const [row] = await ledger.admin`select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if (row?.waiting >= statements) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};
