import { isInfrastructure, type Queryable, type Tx } from '@vafa/bus';
import { AppError, messageOf, newId } from '@vafa/kernel';
import { checkProgramme } from '../domain/check-programme.ts';
import { emptyTally, openTally, type ReplayResult, resultOf } from '../domain/replay.ts';
import { compileRules } from '../domain/rules/compile.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { allowLongReads } from '../store/long-reads.ts';
import {
  cancelReplay,
  claimReplay,
  countOpenReplays,
  findReplay,
  forgetOrders,
  insertReplay,
  layOutOrders,
  type Replay,
  type ReplayStatus,
  saveProgress,
  takeOrders,
} from '../store/replays.ts';
import type { Call } from './call.ts';
import { getDraft } from './change-draft.ts';
import type { CurrentRules } from './current-programme.ts';
import { findTriedFacts } from './customer-facts.ts';

/** Farthest that a replay looks back. */
export const MAX_REPLAY_DAYS = 366;
/** Replays that wait or run at once. */
const MAX_OPEN_REPLAYS = 5;
/** Characters kept of why a replay failed. */
const MAX_ERROR = 500;
/** Laying out the orders of a year may take longer than a request may. */
const LAY_OUT_LIMIT_MS = 600_000;

/** A replay as callers see it. */
export interface ReplayView {
  replayId: string;
  draftId: string;
  draftRevision: number;
  status: ReplayStatus;
  days: number;
  from: string;
  until: string;
  actor: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  progress: { ordersDone: number; ordersTotal: number | null };
  /** Of the orders gone through so far. */
  result: ReplayResult;
  error?: string;
}

export const replayViewOf = (replay: Replay): ReplayView => ({
  replayId: replay.id,
  draftId: replay.draftId,
  draftRevision: replay.draftRevision,
  status: replay.status,
  days: replay.days,
  from: replay.fromAt,
  until: replay.untilAt,
  actor: replay.actor,
  createdAt: replay.createdAt,
  ...(replay.startedAt === null ? {} : { startedAt: replay.startedAt }),
  ...(replay.finishedAt === null ? {} : { finishedAt: replay.finishedAt }),
  progress: { ordersDone: replay.ordersDone, ordersTotal: replay.ordersTotal },
  result: resultOf(replay.tally, replay.programme.pointValues ?? []),
  ...(replay.error === null ? {} : { error: replay.error }),
});

/** @throws AppError not_found `ledger.replay_not_found` */
export const getReplay = async (db: Queryable, id: string): Promise<Replay> => {
  const found = await findReplay(db, id);
  if (!found) throw new AppError('not_found', 'ledger.replay_not_found', 'there is no replay of this id');
  return found;
};

/**
 * Asks for a draft to be tried on the orders of the last days. It is done in the background, in portions; the draft counts
 * as it is now.
 * @throws AppError not_found `ledger.draft_not_found`, invalid `ledger.invalid_programme`, rate_limited
 * `ledger.too_many_replays`
 */
export const askForReplay = async (tx: Tx, ask: { draftId: string; days: number }, call: Call): Promise<ReplayView> => {
  const draft = await getDraft(tx, ask.draftId);
  checkProgramme(draft.programme);
  if ((await countOpenReplays(tx)) >= MAX_OPEN_REPLAYS)
    throw new AppError('rate_limited', 'ledger.too_many_replays', `${MAX_OPEN_REPLAYS} replays wait or run already`, {
      retryAfterSeconds: 30,
    });
  const id = newId();
  await insertReplay(tx, {
    id,
    draftId: draft.id,
    draftRevision: draft.revision,
    programme: draft.programme,
    days: ask.days,
    fromAt: call.now.subtract({ hours: 24 * ask.days }).toString(),
    untilAt: call.now.toString(),
    actor: call.actor,
    createdAt: call.now.toString(),
    tally: emptyTally(),
  });
  return replayViewOf(await getReplay(tx, id));
};

/**
 * Ends a replay before its end; what it found so far stays.
 * @throws AppError not_found `ledger.replay_not_found`, conflict `ledger.replay_over`
 */
export const endReplay = async (tx: Tx, id: string, call: Call): Promise<ReplayView> => {
  const ended = await cancelReplay(tx, id, call.now.toString());
  if (ended) await forgetOrders(tx, id);
  const replay = await getReplay(tx, id);
  if (!ended)
    throw new AppError('conflict', 'ledger.replay_over', `the replay is ${replay.status}`, {
      replayStatus: replay.status,
    });
  return replayViewOf(replay);
};

const NOBODY_KNOWN: ReadonlyMap<string, CustomerFacts> = new Map();

const isOutOfRange = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'ledger.points_out_of_range';

export interface ReplayDeps {
  now: Temporal.Instant;
  /** Orders of a portion. */
  portion: number;
  currentRules: CurrentRules;
}

/** Lays the orders out first, as a portion of its own; then goes through them. */
const goOn = async (tx: Tx, replay: Replay, { now, portion, currentRules }: ReplayDeps): Promise<Replay> => {
  const rules = compileRules(replay.programme);
  if (replay.ordersTotal === null) {
    await allowLongReads(tx, LAY_OUT_LIMIT_MS);
    return { ...replay, status: 'running', ordersTotal: await layOutOrders(tx, replay, portion) };
  }
  const purchases = await takeOrders(tx, replay.id);
  const customers = [...new Set(purchases.map(({ customerId }) => customerId))];
  const facts = rules.purchase.asksCustomer
    ? await findTriedFacts(tx, {
        customerIds: customers,
        tried: replay.programme.tiers,
        inForce: (await currentRules(tx)).tiers,
        nowMs: now.epochMilliseconds,
      })
    : NOBODY_KNOWN;
  const tally = openTally(rules, replay.tally, isOutOfRange);
  for (const purchase of purchases) tally.add(purchase, facts.get(purchase.customerId));
  const ordersDone = replay.ordersDone + purchases.length;
  return {
    ...replay,
    status: purchases.length > 0 && ordersDone < replay.ordersTotal ? 'running' : 'done',
    ordersDone,
    tally: tally.close(),
  };
};

/**
 * Goes on with a replay by one portion. How far it came is kept with the portion, so another process, or this one after a
 * restart, goes on from there. Reads orders only: nothing of the book is written. Returns how many portions it did, 0 or 1.
 */
export const replayPortion = async (tx: Tx, deps: ReplayDeps): Promise<number> => {
  const replay = await claimReplay(tx);
  if (!replay) return 0;
  const progress = await tx
    .savepoint((inner) => goOn(inner, replay, deps))
    .catch(async (error: unknown): Promise<Replay> => {
      // A database that is gone is tried again; what fails by itself would fail for ever.
      if (isInfrastructure(error)) throw error;
      await forgetOrders(tx, replay.id);
      return { ...replay, status: 'failed', error: messageOf(error).slice(0, MAX_ERROR) };
    });
  await saveProgress(tx, replay.id, { ...progress, at: deps.now.toString() });
  return 1;
};
