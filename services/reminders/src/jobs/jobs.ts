import type { Job, ServiceContext } from '@vafa/platform';
import { Histogram } from 'prom-client';
import { fireDue } from '../use-cases/fire-due.ts';
import { cancelOfStopped, forgetOldRefunds } from '../use-cases/sweep-up.ts';

export interface JobSettings {
  sweepMs: number;
  portion: number;
  keepRefundsDays: number;
}

const CLEAN_UP_EVERY_MS = 600_000;

/** What reminders does by the clock. */
export const jobs = (context: Pick<ServiceContext, 'sql' | 'clock' | 'metrics'>, settings: JobSettings): Job[] => {
  const { sweepMs, portion, keepRefundsDays } = settings;
  const late = new Histogram({
    name: 'vafa_reminder_late_seconds',
    help: 'Seconds between the due instant of a timer and its firing',
    buckets: [1, 2, 5, 10, 60, 600, 3_600, 86_400],
    registers: [context.metrics],
  });
  let turn = 0;
  return [
    {
      name: 'fire-due',
      everyMs: sweepMs,
      runsIn: 'any',
      run: () => fireDue({ ...context, fired: (lateMs) => late.observe(lateMs / 1_000) }, portion, turn++),
    },
    { name: 'cancel-of-stopped', everyMs: sweepMs, runsIn: 'any', run: () => cancelOfStopped(context, portion) },
    {
      name: 'forget-refunds',
      everyMs: CLEAN_UP_EVERY_MS,
      runsIn: 'any',
      run: () => forgetOldRefunds(context, keepRefundsDays, portion),
    },
  ];
};
