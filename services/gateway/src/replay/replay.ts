import { createAsk } from './after/ask.ts';
import { untilCaughtUp } from './after/caught-up.ts';
import { lookAround } from './after/look-around.ts';
import type { ReplayOptions, ReplayReport } from './options.ts';
import { noteRefused, openPosition, type PositionFile } from './position.ts';
import { createProgress, type Progress } from './progress.ts';
import { type Call, createClient } from './send/http-client.ts';
import { createLanes } from './send/lanes.ts';
import { sendLayer } from './send/send-layer.ts';
import type { Window } from './send/window.ts';
import { encodeItem, findShiftSeconds } from './shift.ts';
import { FORMATS } from './source/formats.ts';
import { openText, type TextFile } from './source/open-text.ts';
import { countEvent, createTally, skipLines, type Tally, unaccounted, uncountEvents } from './source/tally.ts';

/** Customers are spread over so many lanes; each has at most one request under way. */
const LANES = 4;
/** Of one request; the gateway takes as many. */
const MAX_ITEMS = 1_000;
/** Well below the gateway's 1 MiB. */
const MAX_BYTES = 900 * 1024;

/**
 * Hands a file of events in at the gateway, the way a shop would. What was acknowledged is noted, so a stopped replay
 * goes on where it was; all ids follow from the file, so that a repeated one changes nothing.
 * @throws ReplayError when the file can't be read, the key is refused, or the gateway stays away longer than the patience
 */
export const replay = async (options: ReplayOptions): Promise<ReplayReport> => {
  const { file, format, urls, apiKey, out, signal } = options;
  const text = await openText(file);
  const kept = await openPosition({
    stateDir: options.stateDir,
    file,
    format,
    url: urls.gateway,
    variant: options.shiftToNow ? `shifted, limit ${options.limit ?? 'none'}` : '',
    lanes: LANES,
    restart: options.restart,
  });
  const eventsBefore = kept.position.lanes.reduce((sum, done) => sum + done, 0);
  if (kept.resumed) out.write(`going on after ${eventsBefore} events that an earlier run has handed in\n`);
  await fixShift(kept, options);

  const progress = createProgress('replay', out);
  const call = createClient({
    apiKey,
    signal,
    patienceMs: options.patienceMs,
    onWait: (why, waitMs) => {
      if (waitMs >= 1_000) progress.note(`${why}; trying again in ${Math.ceil(waitMs / 1000)} s`);
    },
  });
  const started = performance.now();
  const tally = createTally();
  try {
    await handIn({ options, text, kept, tally, progress, call });
  } finally {
    progress.stop();
  }
  const seconds = (performance.now() - started) / 1000;
  const eventsDone = kept.position.lanes.reduce((sum, done) => sum + done, 0);
  const report = reportOf(options, tally, kept, { eventsBefore, eventsSent: eventsDone - eventsBefore, seconds });
  if (!options.wait) return report;

  const waiting = createProgress('services catching up', out);
  try {
    const ask = createAsk(apiKey, signal);
    const rest = await untilCaughtUp(urls, { ask, progress: waiting, patienceMs: options.patienceMs, signal });
    return { ...report, aftermath: await lookAround(ask, urls, rest) };
  } finally {
    waiting.stop();
  }
};

/** The shift is taken once and kept: a second run with another one would hand in other events. */
const fixShift = async (kept: PositionFile, options: ReplayOptions): Promise<void> => {
  const { position } = kept;
  if (!options.shiftToNow || position.shiftSeconds !== undefined) return;
  const progress = createProgress('finding the last time', options.out);
  try {
    position.shiftSeconds = await findShiftSeconds(await openText(options.file), options, progress);
  } finally {
    progress.stop();
  }
  kept.save();
};

interface HandIn {
  options: ReplayOptions;
  text: TextFile;
  kept: PositionFile;
  tally: Tally;
  progress: Progress;
  call: Call;
}

/** Reads the file to its end (or limit) and sends what is in it. */
const handIn = async ({ options, text, kept, tally, progress, call }: HandIn): Promise<void> => {
  const { position } = kept;
  let sent = 0;
  const send = async (lane: number, window: Window): Promise<void> => {
    const refused = [];
    for (const layer of window.layers) refused.push(...(await sendLayer(call, options.urls.gateway, layer)));
    noteRefused(position, refused);
    position.lanes[lane] = (position.lanes[lane] as number) + window.events;
    kept.save();
    sent += window.events;
    progress.show(text.readBytes(), text.totalBytes, `${tally.read} lines, ${sent} events`);
  };
  const encode = encodeItem(position.shiftSeconds);
  const lanes = createLanes({
    lanes: LANES,
    maxItems: MAX_ITEMS,
    maxBytes: MAX_BYTES,
    done: position.lanes,
    send,
    encode,
  });
  try {
    let events = 0;
    for await (const event of FORMATS[options.format](text.blocks(), tally)) {
      countEvent(tally, event);
      await lanes.push(event);
      events += 1;
      if (events === options.limit) break;
    }
    await lanes.finish();
  } finally {
    // Whatever stopped us: what is under way is waited for and noted.
    await lanes.settle();
  }
  const open = unaccounted(tally);
  if (options.limit !== undefined && open > 0) skipLines(tally, 'beyond_the_limit', tally.read, open);
  for (const refused of position.refused) uncountEvents(tally, refused, `refused/${refused.code}`);
  position.finished = true;
  kept.save();
};

const reportOf = (
  options: ReplayOptions,
  tally: Tally,
  kept: PositionFile,
  figures: { eventsBefore: number; eventsSent: number; seconds: number },
): ReplayReport => ({
  file: options.file,
  format: options.format,
  linesRead: tally.read,
  events: tally.events,
  skipped: [...tally.skipped].map(([reason, skipped]) => ({ reason, ...skipped })).sort((a, b) => b.lines - a.lines),
  unaccounted: unaccounted(tally),
  shiftSeconds: kept.position.shiftSeconds,
  ...figures,
});
