import type { Tx } from '@vafa/bus';
import { assert, readTimeToLive } from '@vafa/kernel';
import type { Definition, PointsExpiring, Replenishment } from '../domain/definition.ts';
import { liveDefinitions, readRevision } from '../store/definitions.ts';

/** The definitions that set timers, by what sets them off. */
export interface LiveDefinitions {
  byCategory: ReadonlyMap<string, readonly Replenishment[]>;
  categories: ReadonlySet<string>;
  expiring: readonly PointsExpiring[];
}

/** The definitions that set timers, as they are committed now. */
export type LoadDefinitions = (tx: Tx) => Promise<LiveDefinitions>;

/** Milliseconds of a definition's time to live; it was checked when it was written. */
export const timeToLiveMs = ({ timeToLive }: Pick<Definition, 'timeToLive'>): number => {
  const length = readTimeToLive(timeToLive);
  assert('ms' in length, 'a stored time to live is readable');
  return length.ms;
};

const arrange = (definitions: readonly Definition[]): LiveDefinitions => {
  const replenishments = definitions.filter((each): each is Replenishment => each.kind === 'replenishment');
  const byCategory = Map.groupBy(replenishments, ({ category }) => category);
  return {
    byCategory,
    categories: new Set(byCategory.keys()),
    expiring: definitions.filter((each): each is PointsExpiring => each.kind === 'points_expiring'),
  };
};

/**
 * Remembers the definitions between batches. Each batch asks for one number, the revision, and reads them again only when
 * it changed: a change works from the next batch on, in every process.
 */
export const createLiveDefinitions = (): LoadDefinitions => {
  let known: { revision: number; live: LiveDefinitions } | undefined;
  return async (tx) => {
    const revision = await readRevision(tx);
    if (known?.revision === revision) return known.live;
    // The revision is read first: should a change commit in between, the next batch reads once more, never once less.
    const live = arrange(await liveDefinitions(tx));
    known = { revision, live };
    return live;
  };
};
