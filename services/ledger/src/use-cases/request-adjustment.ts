import type { Queryable, Tx } from '@vafa/bus';
import { AppError, newId } from '@vafa/kernel';
import { changedMeanwhile, lockOrOpenAccounts, resolveCustomer } from '../store/accounts.ts';
import {
  type AdjustmentRequest,
  closeRequest,
  expireRequests,
  findRequest,
  findRequests,
  insertRequest,
  lockRequest,
  type RequestStatus,
} from '../store/adjustment-requests.ts';
import { insertAudit } from '../store/audit.ts';
import { type AdjustCommand, type Adjusted, adjustPoints } from './adjust-points.ts';
import { auditEndedRequests, subjectOf } from './audit-ended-requests.ts';
import type { Call } from './call.ts';
import type { CurrentRules } from './current-programme.ts';
import { requireSomebody } from './require-somebody.ts';

/** Who is on record where time decided. */
const CLOCK = 'clock';

/** Does a correction of so many points need somebody else's consent? */
export const needsApproval = async (
  db: Queryable,
  points: number,
  deps: { currentRules: CurrentRules },
): Promise<boolean> => {
  const { programme } = await deps.currentRules(db);
  const limit = programme?.approvalAbovePoints ?? null;
  return limit !== null && Math.abs(points) > limit;
};

/** As it stands at a moment: time is up at the instant it says, whether or not the sweep has been by. */
const asOf = (request: AdjustmentRequest, now: Temporal.Instant): AdjustmentRequest =>
  request.status === 'pending' && Temporal.Instant.compare(Temporal.Instant.from(request.expiresAt), now) <= 0
    ? { ...request, status: 'expired', decidedAt: request.expiresAt, decidedBy: CLOCK }
    : request;

/** @throws AppError not_found `ledger.request_not_found` */
export const getRequest = async (db: Queryable, id: string, now: Temporal.Instant): Promise<AdjustmentRequest> => {
  const found = await findRequest(db, id);
  if (!found) throw requestNotFound();
  return asOf(found, now);
};

/** Oldest first, those of a status alone if one is given: the one that they have now. */
export const listRequests = async (
  db: Queryable,
  page: { status: RequestStatus | null; afterId: string | null; limit: number },
  now: Temporal.Instant,
): Promise<AdjustmentRequest[]> => {
  const found = await findRequests(db, page, now.toString());
  return found.map((request) => asOf(request, now));
};

const requestNotFound = (): AppError =>
  new AppError('not_found', 'ledger.request_not_found', 'there is no request for a correction of this id');

/**
 * Keeps a correction that is above the limit until somebody else has decided on it. Nothing is booked.
 * @throws AppError rejected `ledger.customer_erased`
 */
export const requestAdjustment = async (
  tx: Tx,
  command: AdjustCommand,
  call: Call,
  deps: { requestTtlHours: number },
): Promise<AdjustmentRequest> => {
  const { points, reason } = command;
  const id = newId();
  const createdAt = call.now.toString();
  const expiresAt = call.now.add({ hours: deps.requestTtlHours }).toString();
  const customerId = await resolveCustomer(tx, command.customerId);
  if (points > 0) requireSomebody(customerId);
  await insertRequest(tx, { id, customerId, points, reason, maker: call.actor, createdAt, expiresAt });
  await insertAudit(tx, [
    {
      at: createdAt,
      actor: call.actor,
      action: 'adjustment.requested',
      subject: subjectOf(id),
      after: { status: 'pending', points },
    },
  ]);
  return getRequest(tx, id, call.now);
};

/**
 * The request, if it can be decided now.
 * @throws AppError not_found `ledger.request_not_found`, conflict `ledger.request_closed` (tells its `requestStatus`)
 */
const lockPending = async (tx: Tx, id: string, now: Temporal.Instant): Promise<AdjustmentRequest> => {
  const locked = await lockRequest(tx, id);
  if (!locked) throw requestNotFound();
  const request = asOf(locked, now);
  const { status } = request;
  if (status !== 'pending')
    throw new AppError('conflict', 'ledger.request_closed', `the request is ${status}`, { requestStatus: status });
  return request;
};

/** @throws AppError forbidden `ledger.own_request` */
const requireOtherEyes = (request: AdjustmentRequest, actor: string): void => {
  if (request.maker === actor)
    throw new AppError('forbidden', 'ledger.own_request', 'who asks for a correction can not decide on it');
};

const close = async (
  tx: Tx,
  request: AdjustmentRequest,
  end: { status: 'approved' | 'rejected' | 'withdrawn'; reason: string | undefined; entryId?: string },
  call: Call,
): Promise<AdjustmentRequest> => {
  const at = call.now.toString();
  const { status, entryId } = end;
  const reason = end.reason ?? null;
  await closeRequest(tx, request.id, { status, at, by: call.actor, reason, entryId: entryId ?? null });
  await insertAudit(tx, [
    {
      at,
      actor: call.actor,
      action: `adjustment.${status}`,
      subject: subjectOf(request.id),
      before: { status: 'pending', points: request.points },
      after: { status, ...(entryId === undefined ? {} : { entryId }) },
    },
  ]);
  return getRequest(tx, request.id, call.now);
};

/**
 * Books a correction that somebody else asked for. What is there is looked at anew: points that are gone meanwhile can't be
 * taken, the request stays open then. Of two who approve at once, one does.
 * @throws AppError not_found `ledger.request_not_found`, conflict `ledger.request_closed`, forbidden `ledger.own_request`,
 * rejected `ledger.insufficient_points`
 */
export const approveAdjustment = async (
  tx: Tx,
  decision: { requestId: string; reason?: string },
  call: Call,
  deps: { currentRules: CurrentRules },
): Promise<{ request: AdjustmentRequest; adjusted: Adjusted }> => {
  const found = await getRequest(tx, decision.requestId, call.now);
  requireOtherEyes(found, call.actor);
  // The account first, as everywhere: a merger holds it while it gives the request to another customer.
  await lockOrOpenAccounts(tx, [found.customerId]);
  const request = await lockPending(tx, decision.requestId, call.now);
  if (request.customerId !== found.customerId) throw changedMeanwhile();
  const { id, customerId, points } = request;
  const command = { customerId, points, reason: request.reason ?? '', requestId: id };
  // On record is who asked; who consented stands with the request.
  const adjusted = await adjustPoints(tx, command, { ...call, actor: request.maker }, deps);
  const end = { status: 'approved' as const, reason: decision.reason, entryId: adjusted.entryId };
  return { request: await close(tx, request, end, call), adjusted };
};

/**
 * Turns a request down.
 * @throws AppError not_found `ledger.request_not_found`, conflict `ledger.request_closed`, forbidden `ledger.own_request`
 */
export const rejectAdjustment = async (
  tx: Tx,
  decision: { requestId: string; reason: string },
  call: Call,
): Promise<AdjustmentRequest> => {
  const request = await lockPending(tx, decision.requestId, call.now);
  requireOtherEyes(request, call.actor);
  return close(tx, request, { status: 'rejected', reason: decision.reason }, call);
};

/**
 * Takes a request back; only who made it may.
 * @throws AppError not_found `ledger.request_not_found`, conflict `ledger.request_closed`, forbidden
 * `ledger.not_own_request`
 */
export const withdrawAdjustment = async (tx: Tx, requestId: string, call: Call): Promise<AdjustmentRequest> => {
  const request = await lockPending(tx, requestId, call.now);
  if (request.maker !== call.actor)
    throw new AppError('forbidden', 'ledger.not_own_request', 'only who made the request can take it back');
  return close(tx, request, { status: 'withdrawn', reason: undefined }, call);
};

/** Ends requests that nobody decided on in time; one portion. Returns how many. */
export const expireAdjustmentRequests = async (tx: Tx, now: Temporal.Instant, limit: number): Promise<number> => {
  const at = now.toString();
  const ids = await expireRequests(tx, at, CLOCK, limit);
  if (ids.length > 0) await auditEndedRequests(tx, ids, { at, actor: CLOCK, status: 'expired' });
  return ids.length;
};
