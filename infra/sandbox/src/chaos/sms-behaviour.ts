/** What the operator finally reports of an accepted SMS. */
export type Delivery = 'delivered' | 'undelivered' | 'blocked' | 'failed';

/**
 * How the fake Kavenegar answers one call. The kinds that begin with `accept` (and `truncated`) carry the call out,
 * and only then spoil the answer: the caller cannot know what happened. The others never carry it out.
 */
export type SmsBehaviour =
  | { kind: 'ok'; delivery?: Delivery }
  /** Refuses with this `return.status`. The HTTP status mirrors it unless given. */
  | { kind: 'status'; status: number; httpStatus?: number }
  /** A proxy's HTML page with HTTP 502. */
  | { kind: 'html502' }
  /** Never answers. */
  | { kind: 'hang' }
  | { kind: 'resetBeforeAccept' }
  /** Carries out, then sends half of the answer and closes the connection. */
  | { kind: 'truncated' }
  | { kind: 'acceptThen500' }
  | { kind: 'acceptThenHang' }
  | { kind: 'acceptThenReset' };

export type SmsBehaviourKind = SmsBehaviour['kind'];

/** A number is short for `{ kind: 'status', status }`, a word for `{ kind }`. */
export type SmsBehaviourInput = SmsBehaviour | Exclude<SmsBehaviourKind, 'status'> | number;

/** Which calls a scripted behaviour waits for. */
export type SmsCalls = 'send' | 'status' | 'account';

/** Rates are 0 to 1 per call and sum to at most 1. */
export interface SmsChaos {
  seed?: number;
  /** Refusals with `rejectStatus` (409 unless given): "try later". */
  rejectRate?: number;
  rejectStatus?: number;
  html502Rate?: number;
  hangRate?: number;
  truncatedRate?: number;
  resetBeforeAcceptRate?: number;
  acceptThen500Rate?: number;
  acceptThenHangRate?: number;
  acceptThenResetRate?: number;
  /** Per accepted message: the operator reports 11 in place of 10. */
  undeliveredRate?: number;
  /** Per accepted message: the operator reports 14 in place of 10. */
  blockedRate?: number;
  /** Spoil status calls at the same rates too; without it only sends are spoilt. */
  statusCallsToo?: boolean;
}

/** Spells out the short forms. */
export const toSmsBehaviour = (input: SmsBehaviourInput): SmsBehaviour => {
  if (typeof input === 'number') return { kind: 'status', status: input };
  return typeof input === 'string' ? { kind: input } : input;
};
