import type { FormatName } from './source/formats.ts';
import type { EventKind } from './source/source-event.ts';

/** Services the replay asks when it waits for the consequences. */
export const ASKED = ['gateway', 'ledger', 'segmentation', 'campaigns', 'messaging', 'reminders'] as const;
export type ServiceUrls = Readonly<Record<(typeof ASKED)[number], string>>;

export interface ReplayOptions {
  /** A text file, gzip or plain. */
  file: string;
  format: FormatName;
  urls: ServiceUrls;
  apiKey: string | undefined;
  /** Folder in which the position is kept (under `replay/`). */
  stateDir: string;
  /** Moves all times so that the last is now. */
  shiftToNow: boolean;
  /** Events after which to stop; undefined = all. */
  limit: number | undefined;
  /** Begins anew though an earlier run was not finished. */
  restart: boolean;
  /** Waits until all services have caught up, and reports what came of it. */
  wait: boolean;
  /** How long nothing may move before it is given up. */
  patienceMs: number;
  signal: AbortSignal;
  /** Where progress and report go. */
  out: NodeJS.WriteStream;
}

/** Customers, points and messages after all services have caught up; a part whose service does not answer is missing. */
export interface Aftermath {
  waitedSeconds: number;
  /** Services that did not answer. */
  unreachable: string[];
  /** Did everything come to rest before patience ran out? */
  atRest: boolean;
  ledger?: Record<string, unknown>;
  lifecycle?: Record<string, number>;
  messages?: Record<string, number>;
  /** Dead letters per service, those without any left out. */
  deadLetters: Record<string, { parked: number; waiting: number }>;
}

export interface ReplayReport {
  file: string;
  format: FormatName;
  linesRead: number;
  /** Per kind: events handed in and the lines that are in them. */
  events: Partial<Record<EventKind, { events: number; lines: number }>>;
  skipped: { reason: string; lines: number; sampleLines: number[] }[];
  /** Lines that are neither in an event nor skipped: 0, or something was lost. */
  unaccounted: number;
  /** Events acknowledged by an earlier run that this one went on from. */
  eventsBefore: number;
  eventsSent: number;
  seconds: number;
  shiftSeconds: number | undefined;
  aftermath?: Aftermath;
}
