import type { Tx } from '@vafa/bus';
import { instantOfLocal } from '../domain/due.ts';
import { findZones, type LocalTimer, lockLocalTimers, moveDue } from '../store/zones.ts';

/** Moves timers that stand for a wall-clock time to the instant it has in their customers' time zones now. */
export const readWallClocks = async (
  tx: Tx,
  customerIds: readonly string[],
  defaultTimeZone: string,
): Promise<void> => {
  const timers = await lockLocalTimers(tx, customerIds);
  if (timers.length === 0) return;
  const zones = await findZones(tx, customerIds);
  const moves = timers.flatMap((timer) => {
    const dueAt = instantOfLocal(timer.localDue, zones.get(timer.customerId) ?? defaultTimeZone);
    return isMove(timer, dueAt) ? [{ id: timer.id, dueAt }] : [];
  });
  await moveDue(tx, moves);
};

/** Not where nothing changes, nor past the end of what the timer is about: better at an odd hour than never. */
const isMove = ({ dueAt: before, notAfter }: LocalTimer, after: Temporal.Instant): boolean =>
  !Temporal.Instant.from(before).equals(after) &&
  (notAfter === null || Temporal.Instant.compare(after, Temporal.Instant.from(notAfter)) < 0);
