import type { SourceEvent } from './source-event.ts';

/** Lines that became no event, with the numbers of the first few. */
interface Skipped {
  lines: number;
  sampleLines: number[];
}

/**
 * The account of a file: every line read is in an event or skipped for a named reason. A reason may name what sort of
 * line it was after a slash: `no_customer/sale`.
 */
export interface Tally {
  read: number;
  events: Partial<Record<SourceEvent['kind'], { events: number; lines: number }>>;
  skipped: Map<string, Skipped>;
}

export const MAX_SAMPLES = 5;

export const createTally = (): Tally => ({ read: 0, events: {}, skipped: new Map() });

export const skipLines = (tally: Tally, reason: string, firstLine: number, lines = 1): void => {
  const skipped = tally.skipped.get(reason) ?? { lines: 0, sampleLines: [] };
  skipped.lines += lines;
  if (skipped.sampleLines.length < MAX_SAMPLES) skipped.sampleLines.push(firstLine);
  tally.skipped.set(reason, skipped);
};

export const countEvent = (tally: Tally, { kind, lines }: SourceEvent): void => {
  const counted = tally.events[kind] ?? { events: 0, lines: 0 };
  counted.events += 1;
  counted.lines += lines;
  tally.events[kind] = counted;
};

/** Events that the gateway refused after all: their lines move to the skipped ones. */
export const uncountEvents = (
  tally: Tally,
  refused: { kind: SourceEvent['kind']; events: number; lines: number; sampleLines: number[] },
  reason: string,
): void => {
  const counted = tally.events[refused.kind];
  if (counted) {
    counted.events -= refused.events;
    counted.lines -= refused.lines;
  }
  const before = tally.skipped.get(reason);
  tally.skipped.set(reason, {
    lines: (before?.lines ?? 0) + refused.lines,
    sampleLines: [...(before?.sampleLines ?? []), ...refused.sampleLines].slice(0, MAX_SAMPLES),
  });
};

/** Lines that are neither in an event nor skipped: 0, or something was lost. */
export const unaccounted = (tally: Tally): number => {
  let accounted = 0;
  for (const counted of Object.values(tally.events)) accounted += counted.lines;
  for (const { lines } of tally.skipped.values()) accounted += lines;
  return tally.read - accounted;
};
