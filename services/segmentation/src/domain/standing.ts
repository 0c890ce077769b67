import type { LifecycleState } from '@vafa/contracts';
import type { Buying } from './buying.ts';
import { nextTransition, stateAt } from './lifecycle.ts';
import { isEarlier, laterOf } from './moment.ts';
import { type Cause, reasonOf } from './reason.ts';
import { latestSettings, type Settings, type Thresholds } from './thresholds.ts';

/** Where a customer stands in the lifecycle. */
export interface Standing {
  state: LifecycleState;
  since: Temporal.Instant;
  /** Why, for people. */
  reason: string;
  /** The latest instant the state was decided for. What happened before it and is told later is late. */
  asOf: Temporal.Instant | undefined;
  /** The thresholds it was decided by. */
  settingsVersion: number;
}

/** A step from one state to another. */
export interface Change {
  from: LifecycleState;
  to: LifecycleState;
  /** When it became true. */
  at: Temporal.Instant;
  reason: string;
  cause: Cause['kind'];
  orders: number;
}

/** A standing and the steps that led to it, in order of time. */
export interface Moved {
  standing: Standing;
  changes: Change[];
}

const step = (standing: Standing, to: LifecycleState, at: Temporal.Instant, cause: Cause, buying: Buying): Moved => {
  const reason = reasonOf(cause, to, buying);
  return {
    standing: { ...standing, state: to, since: at, reason, asOf: at },
    changes: [{ from: standing.state, to, at, reason, cause: cause.kind, orders: buying.orders }],
  };
};

/** Makes the steps that silence brought up to and including `until`, each at the instant it became true. */
const catchUp = (standing: Standing, buying: Buying, thresholds: Thresholds, until: Temporal.Instant): Moved => {
  const changes: Change[] = [];
  let current = standing;
  for (;;) {
    const next = nextTransition(current.state, buying.lastOrderAt, thresholds);
    if (!next || isEarlier(until, next.at)) return { standing: current, changes };
    const moved = step(current, next.to, next.at, { kind: 'silence', days: next.silentDays }, buying);
    current = moved.standing;
    changes.push(...moved.changes);
  }
};

/** Decides the state anew for an instant, or for the latest one it was decided for if that is later. */
const decideFor = (
  standing: Standing,
  buying: Buying,
  thresholds: Thresholds,
  at: Temporal.Instant,
  cause: Cause,
): Moved => {
  const moment = laterOf(standing.asOf, at);
  const to = stateAt(buying, thresholds, moment);
  if (to !== standing.state) return step(standing, to, moment, cause, buying);
  return { standing: { ...standing, asOf: moment }, changes: [] };
};

/**
 * Passes through the settings that changed since the standing was decided: what was due under the old thresholds happens
 * at its own time, what follows from the new ones at the time of the change.
 */
export const adoptSettings = (standing: Standing, buying: Buying, settings: Settings): Moved => {
  let current = standing;
  const changes: Change[] = [];
  let old = settings.find(({ version }) => version === standing.settingsVersion)?.thresholds;
  for (const { version, thresholds, changedAt } of settings) {
    if (version <= standing.settingsVersion) continue;
    if (old && changedAt) {
      const caughtUp = catchUp(current, buying, old, changedAt);
      const decided = decideFor(caughtUp.standing, buying, thresholds, changedAt, { kind: 'settings' });
      changes.push(...caughtUp.changes, ...decided.changes);
      // An unchanged state is not pinned to the change: older events that are still on their way keep their own time.
      current = decided.changes.length > 0 ? decided.standing : caughtUp.standing;
    }
    current = { ...current, settingsVersion: version };
    old = thresholds;
  }
  return { standing: current, changes };
};

/**
 * The standing after something happened at `at`. What silence had brought before it comes first, each step at its own
 * time. When it is told late, counts are put right and the state is decided anew for the latest instant known: no past is
 * invented.
 */
export const afterEvent = (
  standing: Standing,
  before: Buying,
  after: Buying,
  settings: Settings,
  at: Temporal.Instant,
  cause: Cause,
): Moved => {
  const { thresholds } = latestSettings(settings);
  const adopted = adoptSettings(standing, before, settings);
  const caughtUp = catchUp(adopted.standing, before, thresholds, at);
  const decided = decideFor(caughtUp.standing, after, thresholds, at, cause);
  return { standing: decided.standing, changes: [...adopted.changes, ...caughtUp.changes, ...decided.changes] };
};

/** The standing as it is now, when nothing happened but time (and settings). */
export const asOfNow = (standing: Standing, buying: Buying, settings: Settings, now: Temporal.Instant): Moved => {
  const adopted = adoptSettings(standing, buying, settings);
  const caughtUp = catchUp(adopted.standing, buying, latestSettings(settings).thresholds, now);
  return { standing: caughtUp.standing, changes: [...adopted.changes, ...caughtUp.changes] };
};
