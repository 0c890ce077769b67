import { setTimeout as wait } from 'node:timers/promises';
import { isInfrastructure } from '@vafa/bus';
import type { Evidence, Finding } from './invariants/finding.ts';

const LOOK_MS = 500;

/** Looks again and again while `working` is under way. Resolves with the first that is found; nothing once the work is done. */
export const watchFor = async (
  gather: () => Promise<Evidence>,
  look: (evidence: Evidence) => Promise<Finding[]>,
  working: Promise<void>,
): Promise<Finding[]> => {
  const over = new AbortController();
  const end = (): void => over.abort();
  working.then(end, end);
  while (!over.signal.aborted) {
    await wait(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
    try {
      const found = await look(await gather());
      if (found.length > 0) return found;
    } catch (error) {
      // The database is down just now.
      if (!isInfrastructure(error)) throw error;
    }
  }
  return [];
};
