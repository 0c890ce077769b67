import type { HttpApp, ServiceContext } from '@vafa/platform';
import type { TransferKind } from '../domain/transfer.ts';
import { readTotals } from '../store/read-totals.ts';
import { TotalsBody } from './schemas.ts';

/** The ledger as a whole. */
export const totalsRoutes = (app: HttpApp, { sql }: ServiceContext): void => {
  app.get(
    '/v1/ledger/totals',
    {
      schema: {
        tags: ['ledger'],
        summary: 'Points issued, taken back, spent and outstanding; reads every transfer once, so not for every second',
        description:
          'What is booked: points whose time is up (to expire, to become spendable, to be given back) change sides when the sweep has booked it, some seconds after the instant that the balance of a customer tells at once.',
        response: { 200: TotalsBody },
      },
      config: { scope: 'ledger:read' },
    },
    async () => {
      const totals = await readTotals(sql);
      const gained = (...kinds: TransferKind[]): number =>
        kinds.reduce((sum, kind) => sum + (totals.pointsByKind.get(kind) ?? 0), 0);
      const allGained = [...totals.pointsByKind.values()].reduce((sum, points) => sum + points, 0);
      const lost = (...kinds: TransferKind[]): number => 0 - gained(...kinds);
      return {
        points: {
          issued: gained('earn'),
          clawedBack: lost('clawback'),
          redeemed: lost('redeem', 'redeem_reversal'),
          expired: lost('expire', 'expire_reversal'),
          adjusted: gained('adjust'),
          forfeited: lost('forfeit', 'write_off'),
          outstanding: totals.held,
          active: totals.active,
          pending: totals.pending,
          reserved: totals.reserved,
          negative: totals.deficit,
          sumOfAllEntries: totals.held - allGained,
        },
        counts: {
          transfers: totals.transfers,
          purchases: totals.purchases,
          purchasesWithoutPoints: totals.purchasesWithoutPoints,
          refunds: totals.refunds,
          refundsWaiting: totals.refundsWaiting,
          refundsUnmatched: totals.refundsUnmatched,
          refundsRefused: totals.refundsRefused,
        },
      };
    },
  );
};
