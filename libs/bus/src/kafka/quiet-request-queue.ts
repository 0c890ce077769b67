import { createRequire } from 'node:module';

/** What we touch of kafkajs's request queue. */
interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

let patched = false;

/**
 * kafkajs 2.2.4 sets a timer of a negative delay, so about 1 ms, again and again on every connection (kafkajs #1751; its
 * fix was never released): thousands of wake-ups a second while idle, and a warning on Node 24 and newer. With nothing
 * waiting and no throttling there is nothing to check.
 */
export const quietRequestQueue = (): void => {
  if (patched) return;
  const RequestQueueClass = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue;
  };
  const original = RequestQueueClass.prototype.scheduleCheckPendingRequests;
  RequestQueueClass.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return;
    original.call(this);
  };
  patched = true;
};
