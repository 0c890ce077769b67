import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { Refused } from './send/send-layer.ts';
import type { EventKind } from './source/source-event.ts';
import { MAX_SAMPLES } from './source/tally.ts';

interface RefusedCount {
  kind: EventKind;
  code: string;
  events: number;
  lines: number;
  sampleLines: number[];
}

/** How far a file has been handed in, kept beside `.vafa/replay/` so that a stopped replay goes on where it was. */
export interface Position {
  version: 1;
  file: string;
  format: string;
  url: string;
  /** Seconds all times are moved by; kept, so that a second run hands in the very same events. */
  shiftSeconds: number | undefined;
  /** Events of each lane that were acknowledged (or refused): they come in the same order every time. */
  lanes: number[];
  /** What the gateway did not take, by kind and code. */
  refused: RefusedCount[];
  finished: boolean;
}

export interface PositionFile {
  path: string;
  position: Position;
  /** Was there an unfinished run? */
  resumed: boolean;
  save: () => void;
}

/**
 * Finds the position of this file (same path, size and time of change), format and gateway. A finished run begins anew:
 * that is harmless, and the only way to be sure of a gateway whose data is another by now.
 */
export const openPosition = async (options: {
  stateDir: string;
  file: string;
  format: string;
  url: string;
  /** What else makes the events others. */
  variant: string;
  lanes: number;
  restart: boolean;
}): Promise<PositionFile> => {
  const { stateDir, format, url, variant, lanes, restart } = options;
  const file = await realpath(options.file);
  const { size, mtimeMs } = await stat(file);
  const name = createHash('sha256')
    .update(JSON.stringify([file, size, mtimeMs, format, url, variant, lanes]))
    .digest('hex')
    .slice(0, 24);
  const folder = `${stateDir}/replay`;
  const path = `${folder}/${name}.json`;
  const found = restart ? undefined : readPosition(path);
  const resumed = found !== undefined && !found.finished && found.lanes.some((done) => done > 0);
  const position: Position = resumed
    ? found
    : {
        version: 1,
        file,
        format,
        url,
        shiftSeconds: found?.shiftSeconds,
        lanes: Array(lanes).fill(0),
        refused: [],
        finished: false,
      };
  mkdirSync(folder, { recursive: true });
  return {
    path,
    position,
    resumed,
    // Written beside and renamed: a kill in the middle leaves the old position, never half of one.
    save: () => {
      writeFileSync(`${path}.new`, JSON.stringify(position));
      renameSync(`${path}.new`, path);
    },
  };
};

const readPosition = (path: string): Position | undefined => {
  try {
    const position = JSON.parse(readFileSync(path, 'utf8')) as Position;
    return position.version === 1 ? position : undefined;
  } catch (error) {
    // No position, or one that a full disk cut short: beginning anew does no harm.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Adds what a window was refused to what was refused before. */
export const noteRefused = (position: Position, refused: readonly Refused[]): void => {
  for (const { event, code } of refused) {
    let counted = position.refused.find((each) => each.kind === event.kind && each.code === code);
    if (!counted) {
      counted = { kind: event.kind, code, events: 0, lines: 0, sampleLines: [] };
      position.refused.push(counted);
    }
    counted.events += 1;
    counted.lines += event.lines;
    if (counted.sampleLines.length < MAX_SAMPLES) counted.sampleLines.push(event.firstLine);
  }
};
