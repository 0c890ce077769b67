import type { Job, ServiceContext } from '@vafa/platform';
import type { SegmentationSettings } from '../settings.ts';
import { forgetSeen } from '../store/interactions.ts';
import { reviewCustomers } from '../use-cases/review-customers.ts';
import { sweepDue } from './sweep-due.ts';

const FORGET_PORTION = 5_000;

/** What segmentation does by the clock. */
export const jobs = (context: ServiceContext<SegmentationSettings>): Job[] => {
  const { sql, clock, config } = context;
  return [
    sweepDue(context),
    {
      name: 'review-customers',
      everyMs: 2_000,
      runsIn: 'one',
      run: () => reviewCustomers(sql, clock.now(), config.SEGMENTATION_PORTION),
    },
    {
      name: 'forget-interactions',
      everyMs: 600_000,
      runsIn: 'any',
      run: () => {
        const limit = clock.now().subtract({ hours: 24 * config.SEGMENTATION_REMEMBER_INTERACTIONS_DAYS });
        return sql.begin((tx) => forgetSeen(tx, limit, FORGET_PORTION));
      },
    },
  ];
};
