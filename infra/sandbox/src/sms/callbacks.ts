import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxLog } from '../log.ts';
import type { MessageBook, SmsRecord, Stage } from './message-book.ts';
import { type MessageStatus, messageStatusTexts } from './status-codes.ts';

const parallelLimit = 8;
const waitingLimit = 50_000;
const attemptLimit = 4;
const firstRetryDelayMs = 200;
const answerTimeoutMs = 5_000;
// setTimeout takes 31 bits; a message scheduled for later than this is reported by polling only.
const timerLimitMs = 2_147_483_647;

/** Reports of status changes, posted to the shop's side as Kavenegar does. */
export interface Callbacks {
  /** Reports this message as it passes its next states. */
  follow(record: SmsRecord): void;
  /** Reports its present status now, and no further stages. */
  report(record: SmsRecord): void;
  /** undefined: no reports from now on. */
  setUrl(url: string | undefined): void;
  stop(): Promise<void>;
}

interface Report {
  record: SmsRecord;
  status: MessageStatus;
}

const formOf = ({ record, status }: Report): URLSearchParams =>
  new URLSearchParams({
    messageid: String(record.messageId),
    status: String(status),
    statustext: messageStatusTexts[status],
    sender: record.sender,
    receptor: record.receptor,
    date: String(Math.floor(record.acceptedAtMs / 1_000)),
    cost: String(record.costRial),
  });

/** Posts form-encoded reports, unsigned as the real ones are; a few tries each, then the shop has to ask itself. */
export const createCallbacks = (options: {
  book: MessageBook;
  now: () => number;
  url?: string | undefined;
  log: SandboxLog;
}): Callbacks => {
  const { book, now, log } = options;
  let url = options.url;
  /** By message id: the timer of a message's next stage. */
  const timers = new Map<number, NodeJS.Timeout>();
  const waiting: Report[] = [];
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();

  const post = async (target: string, report: Report) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(answerTimeoutMs)]);
        const response = await fetch(target, { method: 'POST', body: formOf(report), redirect: 'error', signal });
        await response.body?.cancel();
        if (response.ok) return;
        throw new Error(`HTTP ${response.status}`);
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (attempt === attemptLimit) {
          // The URL holds a secret and the cause may hold the URL: only the kind of failure is told.
          const reason = error instanceof Error ? error.name : 'unknown';
          log.warn({ messageId: report.record.messageId, attempts: attempt, reason }, 'a status callback was given up');
          return;
        }
        await delay(firstRetryDelayMs * 2 ** (attempt - 1), undefined, { ref: false });
      }
    }
  };

  const pump = () => {
    while (running.size < parallelLimit && !stopping.signal.aborted) {
      const report = waiting.shift();
      if (report === undefined) return;
      if (url === undefined) continue;
      const done = post(url, report).finally(() => {
        running.delete(done);
        pump();
      });
      running.add(done);
    }
  };

  const add = (report: Report) => {
    if (url === undefined) return;
    if (waiting.length >= waitingLimit) {
      const { messageId } = report.record;
      log.warn({ messageId, limit: waitingLimit }, 'a status callback was dropped, too many wait');
      return;
    }
    waiting.push(report);
    pump();
  };

  /** Reports the status that belongs to the stage, not the one the clock says: a timer may fire a hair early. */
  const addLater = (record: SmsRecord, stages: Stage[]) => {
    const [stage, ...later] = stages;
    if (stage === undefined || timers.size >= waitingLimit) return;
    const waitMs = Math.max(0, stage.atMs - now());
    if (waitMs > timerLimitMs) return;
    const timer = setTimeout(() => {
      timers.delete(record.messageId);
      add({ record, status: stage.status });
      addLater(record, later);
    }, waitMs);
    timer.unref();
    timers.set(record.messageId, timer);
  };

  return {
    follow: (record) => {
      if (url === undefined) return;
      // Being in the queue is told by the answer to the send, not by a callback.
      addLater(
        record,
        book.stagesOf(record).filter(({ atMs, status }) => status !== 1 && atMs >= now()),
      );
    },
    report: (record) => {
      // A status set by hand is the last word: the stages that were still to come are off.
      clearTimeout(timers.get(record.messageId));
      timers.delete(record.messageId);
      add({ record, status: book.statusOf(record) });
    },
    setUrl: (next) => {
      url = next;
    },
    stop: async () => {
      stopping.abort();
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      waiting.length = 0;
      await Promise.allSettled(running);
    },
  };
};
