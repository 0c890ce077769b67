import type { ReplayOptions } from './options.ts';
import type { Progress } from './progress.ts';
import { FORMATS } from './source/formats.ts';
import type { TextFile } from './source/open-text.ts';
import type { SourceEvent } from './source/source-event.ts';
import { createTally } from './source/tally.ts';

/** Events between two looks at the progress. */
const SHOW_EVERY = 1_000;

/** Reads the file for its last time: the whole seconds from then to now. */
export const findShiftSeconds = async (
  text: TextFile,
  { format, limit, signal }: Pick<ReplayOptions, 'format' | 'limit' | 'signal'>,
  progress: Progress,
): Promise<number> => {
  let last: Temporal.Instant | undefined;
  let events = 0;
  const tally = createTally();
  for await (const { occurredAt } of FORMATS[format](text.blocks(), tally)) {
    signal.throwIfAborted();
    if (occurredAt && (!last || Temporal.Instant.compare(occurredAt, last) > 0)) last = occurredAt;
    events += 1;
    if (events % SHOW_EVERY === 0) progress.show(text.readBytes(), text.totalBytes, `${tally.read} lines`);
    if (events === limit) break;
  }
  const now = Temporal.Now.instant();
  return last ? Math.floor((now.epochMilliseconds - last.epochMilliseconds) / 1000) : 0;
};

/** The body of an event's item, its time moved by the shift. */
export const encodeItem =
  (shiftSeconds: number | undefined) =>
  ({ item, occurredAt }: SourceEvent): string => {
    if (!occurredAt) return JSON.stringify(item);
    const time = shiftSeconds === undefined ? occurredAt : occurredAt.add({ seconds: shiftSeconds });
    return JSON.stringify({ ...item, occurredAt: time.toString() });
  };
