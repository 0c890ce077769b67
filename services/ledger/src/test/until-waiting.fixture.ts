import type { LedgerHarness } from './ledger.fixture.ts';

const LOOK_MS = 5;

/** Returns once a statement of the ledger's database waits for a lock. */
export const untilWaiting = async (ledger: LedgerHarness): Promise<void> => {
  for (;;) {
    const [row] = await ledger.admin`select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if (row?.waiting > 0) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};
