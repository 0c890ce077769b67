import { Topics } from '@vafa/contracts';
import type { Job, ServiceContext } from '@vafa/platform';
import type { SegmentationSettings } from '../settings.ts';
import { isAnyoneDueBefore } from '../store/customers.ts';
import { makeDueTransitions } from '../use-cases/make-due-transitions.ts';

/** A transition this late was not missed by a sweep: history is being read, or we were away. */
const OVERDUE_MS = 3_600_000;

/**
 * Makes the steps that silence brings, as they fall due. What is long overdue waits a while as long as purchases are
 * still to be read: the next one may break the silence, and a step told too early would have to be taken back.
 */
export const sweepDue = (context: ServiceContext<SegmentationSettings>): Job => {
  const { sql, bus, clock, name, config } = context;
  let waitingSinceMs: number | undefined;

  const hasUnreadPurchases = async (): Promise<boolean> => {
    const lags = await bus.lag(`vafa.${name}`, [Topics.purchases.name]);
    return lags.some(({ lag }) => lag > 0);
  };

  const mustWait = async (overdueSince: Temporal.Instant): Promise<boolean> => {
    const isWaiting = (await isAnyoneDueBefore(sql, overdueSince)) && (await hasUnreadPurchases());
    if (!isWaiting) {
      waitingSinceMs = undefined;
      return false;
    }
    waitingSinceMs ??= performance.now();
    return performance.now() - waitingSinceMs < config.SEGMENTATION_CATCH_UP_WAIT_MS;
  };

  return {
    name: 'sweep-due',
    everyMs: config.SEGMENTATION_SWEEP_EVERY_MS,
    runsIn: 'any',
    run: async () => {
      const now = clock.now();
      const overdueSince = now.subtract({ milliseconds: OVERDUE_MS });
      const from = (await mustWait(overdueSince)) ? overdueSince : undefined;
      return makeDueTransitions(sql, { from, now, portion: config.SEGMENTATION_PORTION });
    },
  };
};
