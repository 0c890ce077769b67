import type { Tx } from '@vafa/bus';
import type { Job, ServiceContext } from '@vafa/platform';
import { zoneOf } from '../domain/programme.ts';
import { type LedgerSettings, refundSettings } from '../settings.ts';
import { findOverdue } from '../store/reservations.ts';
import { announceExpiring } from '../use-cases/announce-expiring.ts';
import { awardBirthdays } from '../use-cases/award-birthdays.ts';
import { closeFinanceDay } from '../use-cases/close-finance.ts';
import { closeOpenRefunds } from '../use-cases/close-open-refunds.ts';
import { releaseOverdueRedemption } from '../use-cases/close-redemption.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { expireLots } from '../use-cases/expire-lots.ts';
import { forgetOldCounts } from '../use-cases/forget-old-counts.ts';
import { forgetOldInteractions } from '../use-cases/forget-old-interactions.ts';
import { generateCodes } from '../use-cases/generate-codes.ts';
import { lookAtDueTiers } from '../use-cases/look-at-due-tiers.ts';
import { recountTiers } from '../use-cases/recount-tiers.ts';
import { releaseOverdue } from '../use-cases/release-overdue.ts';
import { replayPortion } from '../use-cases/replay-draft.ts';
import { expireAdjustmentRequests } from '../use-cases/request-adjustment.ts';
import { settleOverlooked } from '../use-cases/settle-overlooked.ts';
import { settleDuePending } from '../use-cases/settle-pending.ts';
import { inLanes } from './in-lanes.ts';

/** Of each table per transaction. */
const FORGOTTEN_ROWS = 5_000;

/** One portion of the first of these that finds anything to do. */
const inOrder =
  (...works: readonly (() => Promise<number>)[]) =>
  async (): Promise<number> => {
    for (const work of works) {
      const count = await work();
      if (count > 0) return count;
    }
    return 0;
  };

/** What the ledger does by the clock. Portions claim their rows, so every process may run them. */
export const jobs = (context: ServiceContext<LedgerSettings>, deps: { currentRules: CurrentRules }): Job[] => {
  const { sql, clock, config } = context;
  const everyMs = config.LEDGER_SWEEP_EVERY_MS;
  const limit = config.LEDGER_SWEEP_CUSTOMERS;
  const keptDays = config.LEDGER_COUNTS_KEPT_DAYS;
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
    {
      // What falls due together is done in this order: points become spendable, tiers are lost, points expire.
      name: 'settle-what-is-due',
      everyMs,
      runsIn: 'any',
      run: inLanes(
        inOrder(
          inTransaction((tx, now) => settleDuePending(tx, now, limit)),
          inTransaction((tx, now) => lookAtDueTiers(tx, now, limit, deps)),
          inTransaction((tx, now) => expireLots(tx, now, limit)),
        ),
        limit,
      ),
    },
    {
      name: 'award-birthdays',
      everyMs,
      runsIn: 'any',
      run: inTransaction((tx, now) => awardBirthdays(tx, now, limit, deps)),
    },
    {
      name: 'recount-tiers',
      everyMs: config.LEDGER_OVERLOOKED_EVERY_MS,
      runsIn: 'one',
      run: inTransaction((tx, now) => recountTiers(tx, now, limit)),
    },
    {
      name: 'release-overdue-coupons',
      everyMs,
      runsIn: 'any',
      run: inTransaction((tx, now) => releaseOverdueRedemption(tx, now)),
    },
    {
      name: 'generate-codes',
      everyMs: config.LEDGER_CODES_EVERY_MS,
      runsIn: 'any',
      run: inTransaction((tx) => generateCodes(tx, config.LEDGER_CODES_PORTION)),
    },
    {
      name: 'announce-expiring',
      everyMs: config.LEDGER_NOTICE_EVERY_MS,
      runsIn: 'any',
      run: inTransaction((tx, now) => announceExpiring(tx, now, limit, deps)),
    },
    {
      name: 'expire-adjustment-requests',
      everyMs: config.LEDGER_NOTICE_EVERY_MS,
      runsIn: 'any',
      run: inTransaction((tx, now) => expireAdjustmentRequests(tx, now, limit)),
    },
    {
      name: 'replay-drafts',
      everyMs: config.LEDGER_REPLAY_EVERY_MS,
      runsIn: 'any',
      run: inTransaction((tx, now) =>
        replayPortion(tx, { ...deps, now, portion: config.LEDGER_REPLAY_PORTION_ORDERS }),
      ),
    },
    {
      name: 'settle-overlooked-refunds',
      everyMs: config.LEDGER_OVERLOOKED_EVERY_MS,
      runsIn: 'one',
      run: inTransaction((tx, now) => settleOverlooked(tx, now, limit, { ...deps, refunds: refundSettings(config) })),
    },
    {
      name: 'close-open-refunds',
      everyMs: config.LEDGER_OVERLOOKED_EVERY_MS,
      runsIn: 'any',
      run: inTransaction((tx, now) => closeOpenRefunds(tx, now, limit)),
    },
    {
      name: 'forget-old-counts',
      everyMs: config.LEDGER_FORGET_EVERY_MS,
      runsIn: 'one',
      run: inTransaction((tx, now) => forgetOldCounts(tx, now, { keptDays, maxRows: FORGOTTEN_ROWS }, deps)),
    },
    {
      name: 'forget-old-interactions',
      everyMs: config.LEDGER_FORGET_EVERY_MS,
      runsIn: 'one',
      run: inTransaction((tx, now) =>
        forgetOldInteractions(
          tx,
          now,
          { keptDays: config.LEDGER_INTERACTIONS_KEPT_DAYS, maxRows: FORGOTTEN_ROWS },
          deps,
        ),
      ),
    },
    {
      name: 'close-finance-day',
      everyMs: config.LEDGER_FINANCE_EVERY_MS,
      runsIn: 'one',
      run: inTransaction(async (tx, now) => {
        const { programme } = await deps.currentRules(tx);
        // Before there is one nobody has said by which calendar, and a closed day would keep it for ever.
        return programme ? closeFinanceDay(tx, now, zoneOf(programme)) : 0;
      }),
    },
  ];
};
