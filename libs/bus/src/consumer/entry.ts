import { type DecodeProblem, decodeEvent, type EventEnvelope } from '@vafa/contracts';
import type { InRecord } from '../port.ts';

/** Why a record is parked: a code of the contracts, or of what its handling threw. */
export interface Problem extends Pick<DecodeProblem, 'message' | 'problems'> {
  code: string;
}

/** A record of a batch and what is known of it so far. */
export interface Entry {
  readonly record: InRecord;
  /** The event, unless there is a problem. */
  readonly event: EventEnvelope | undefined;
  problem: Problem | undefined;
  /** An earlier event of its customer, in the same batch, waits. */
  behind: boolean;
}

/** Reads a record; an event from further in the future than `limitMs` (since 1970) has a problem too. */
export const readEntry = (record: InRecord, limitMs: number): Entry => {
  const decoded = decodeEvent(record);
  if (!decoded.ok) return { record, event: undefined, problem: decoded.problem, behind: false };
  const { event } = decoded;
  const problem =
    Date.parse(event.time) > limitMs
      ? { code: 'contracts.invalid_time', message: 'the event claims to happen in the future' }
      : undefined;
  return { record, event, problem, behind: false };
};
