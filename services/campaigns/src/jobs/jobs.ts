import type { Job, ServiceContext } from '@vafa/platform';
import { expandBroadcast } from '../use-cases/expand-broadcast.ts';

/** What campaigns does by the clock. */
export const jobs = (
  context: Pick<ServiceContext, 'sql' | 'clock'>,
  settings: { sweepMs: number; portion: number },
): Job[] => [
  {
    name: 'broadcast',
    everyMs: settings.sweepMs,
    runsIn: 'any',
    run: () => expandBroadcast(context, settings.portion),
  },
];
