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

/**
 * Holds what an administrator's statement locks until `begin` is over, which begins what is to wait for it and waits until it does;
 * then lets go of it, without a change. Returns what became of what was begun.
 */
export const whileLocked = async <Works extends readonly unknown[]>(
  ledger: LedgerHarness,
  lock: string,
  begin: () => Promise<Works>,
): Promise<{ -readonly [Place in keyof Works]: Awaited<Works[Place]> }> => {
  const undo = new Error('undo');
  let begun: Works | undefined;
  await ledger.admin
    .begin(async (tx) => {
      await tx.unsafe(lock);
      begun = await begin();
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return Promise.all(begun as Works);
};
