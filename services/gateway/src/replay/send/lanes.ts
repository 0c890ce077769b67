import type { SourceEvent } from '../source/source-event.ts';
import { createWindow, type Window, type WindowLimits } from './window.ts';

/** A customer's lane, always the same (FNV-1a over the UTF-16 units). */
const laneOf = (customerId: string, lanes: number): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < customerId.length; i += 1) hash = Math.imul(hash ^ customerId.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % lanes;
};

export interface LanesOptions extends WindowLimits {
  lanes: number;
  /** Events of each lane that an earlier run has had acknowledged: left out now. */
  done: readonly number[];
  send: (lane: number, window: Window) => Promise<void>;
  encode: (event: SourceEvent) => string;
}

/**
 * Spreads customers over a few lanes. A lane sends one window at a time, so a customer's events stay in order, while the
 * others fill and send theirs. A lane whose window is full waits for the one under way: what is in memory is bounded.
 */
export const createLanes = (options: LanesOptions) => {
  const { lanes, send, encode } = options;
  const left = Array.from({ length: lanes }, (_, lane) => options.done[lane] ?? 0);
  const windows = left.map(() => createWindow(options));
  const underWay: (Promise<void> | undefined)[] = left.map(() => undefined);
  let failure: { error: unknown } | undefined;

  const launch = async (lane: number): Promise<void> => {
    await underWay[lane];
    if (failure) throw failure.error;
    const { window } = windows[lane] as ReturnType<typeof createWindow>;
    windows[lane] = createWindow(options);
    if (window.events === 0) return;
    underWay[lane] = send(lane, window).catch((error: unknown) => {
      failure ??= { error };
    });
  };

  return {
    /** Resolves when the event has its place. @throws what a send threw */
    push: async (event: SourceEvent): Promise<void> => {
      if (failure) throw failure.error;
      const lane = laneOf(event.customerId, lanes);
      if ((left[lane] as number) > 0) {
        left[lane] = (left[lane] as number) - 1;
        return;
      }
      const json = encode(event);
      if (windows[lane]?.add(event, json)) return;
      await launch(lane);
      windows[lane]?.add(event, json);
    },
    /** Sends what is left and waits for all. @throws what a send threw */
    finish: async (): Promise<void> => {
      await Promise.allSettled(left.map((_, lane) => launch(lane)));
      await Promise.all(underWay);
      if (failure) throw failure.error;
    },
    /** Waits for what is under way, without sending more. */
    settle: async (): Promise<void> => {
      await Promise.all(underWay);
    },
  };
};
