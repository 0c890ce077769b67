import type { Tx } from '@vafa/bus';
import { idFrom } from '@vafa/kernel';
import type { Definition } from '../domain/definition.ts';
import type { Due } from '../domain/due.ts';
import { judge, type Params, type Timer } from '../domain/timer.ts';
import type { CancelReason } from '../store/cancel-timers.ts';
import type { CountStep } from '../store/counts.ts';
import { insertTimers } from '../store/timers.ts';
import { timeToLiveMs } from './live-definitions.ts';

/** A timer that a definition wants for a customer. */
export interface Wanted {
  definition: Definition;
  customerId: string;
  occurrence: string;
  due: Due;
  notAfter?: Temporal.Instant;
  params: Params;
}

const toTimer = ({ definition, customerId, occurrence, due, notAfter, params }: Wanted): Timer => ({
  id: idFrom('timer', definition.id, customerId, occurrence),
  definitionId: definition.id,
  customerId,
  occurrence,
  dueAt: due.dueAt,
  localDue: due.localDue,
  notAfter,
  params,
});

/**
 * Sets the timers that are wanted and returns what to count. One that could not fire any more, as those of imported
 * history, is only counted: no row is written for each purchase of a shop's past.
 */
export const setTimers = async (tx: Tx, wanted: readonly Wanted[], now: Temporal.Instant): Promise<CountStep[]> => {
  const isPast = ({ definition, due, notAfter }: Wanted): boolean =>
    judge({ dueAt: due.dueAt, notAfter }, timeToLiveMs(definition), now).kind === 'expire';
  const [past, coming] = [wanted.filter(isPast), wanted.filter((each) => !isPast(each))];
  const created = coming.length > 0 ? await insertTimers(tx, coming.map(toTimer), now) : [];
  return [
    ...past.map(({ definition }) => ({ definitionId: definition.id, outcome: 'expired', reason: 'past', by: 1 })),
    ...created.map(({ definitionId }) => ({ definitionId, outcome: 'created', reason: '', by: 1 })),
  ];
};

/** What to count for cancelled timers. */
export const cancelledSteps = (cancelled: readonly { definitionId: string }[], reason: CancelReason): CountStep[] =>
  cancelled.map(({ definitionId }) => ({ definitionId, outcome: 'cancelled', reason, by: 1 }));
