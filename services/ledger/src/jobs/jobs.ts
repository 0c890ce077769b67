import type { Tx } from '@vafa/bus';
import type { Job, ServiceContext } from '@vafa/platform';
import type { LedgerSettings } from '../settings.ts';
import { findOverdue } from '../store/reservations.ts';
import { announceExpiring } from '../use-cases/announce-expiring.ts';
import { releaseOverdue } from '../use-cases/close-reservation.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { expireLots } from '../use-cases/expire-lots.ts';
import { settleOverlooked } from '../use-cases/settle-overlooked.ts';

/** What the ledger does by the clock. Portions claim their rows, so every process may run them. */
export const jobs = (context: ServiceContext<LedgerSettings>, deps: { currentRules: CurrentRules }): Job[] => {
  const { sql, clock, config } = context;
  const everyMs = config.LEDGER_SWEEP_EVERY_MS;
  const limit = config.LEDGER_SWEEP_CUSTOMERS;
  const lookBackPurchases = config.LEDGER_REFUND_LOOK_BACK_PURCHASES;
  const inTransaction = (work: (tx: Tx, now: Temporal.Instant) => Promise<number>) => () =>
    sql.begin((tx) => work(tx, clock.now()));

  return [
    {
      name: 'release-overdue-reservations',
      everyMs,
      runsIn: 'any',
      run: inTransaction(async (tx, now) => {
        const overdue = await findOverdue(tx, now.toString(), limit);
        return overdue.length === 0 ? 0 : releaseOverdue(tx, overdue, now);
      }),
    },
    { name: 'expire-lots', everyMs, runsIn: 'any', run: inTransaction((tx, now) => expireLots(tx, now, limit)) },
    {
      name: 'announce-expiring',
      everyMs: config.LEDGER_NOTICE_EVERY_MS,
      runsIn: 'any',
      run: inTransaction((tx, now) => announceExpiring(tx, now, limit, deps)),
    },
    {
      name: 'settle-overlooked-refunds',
      everyMs: config.LEDGER_OVERLOOKED_EVERY_MS,
      runsIn: 'one',
      run: inTransaction((tx, now) => settleOverlooked(tx, now, limit, { ...deps, lookBackPurchases })),
    },
  ];
};
