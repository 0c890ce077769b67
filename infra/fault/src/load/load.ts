import { setTimeout as wait } from 'node:timers/promises';
import type { EventBus, Sql } from '@vafa/bus';
import type { Random } from '../random.ts';
import type { Shop } from '../shop.ts';
import { createCaller } from './ask.ts';
import { createCustomerLine } from './customer-line.ts';
import { type Acknowledged, nothingYet } from './deeds.ts';
import { leave } from './leave.ts';
import { publishPoison } from './publish-poison.ts';
import { resendByBus, resendByHttp } from './resend-duplicates.ts';

export interface LoadOptions {
  urls: Record<string, string>;
  apiKey: string;
  bus: EventBus;
  /** Administrator's pool, only to see that an erasure was heard. */
  sql: Sql;
  random: Random;
  customers: readonly string[];
  /** Customers who ask to be forgotten on the way. */
  leavers: readonly string[];
  deedsPerSecond: number;
  shop: Shop;
}

export interface Load {
  done: Acknowledged;
  /** Begins no more deeds and waits until those under way are answered, or the limit is over. */
  end(limitMs: number): Promise<void>;
}

/** Deeds waiting for an answer beyond which no more are begun: the house is not meant to be drowned. */
const MAX_WAITING = 400;
const DUPLICATES_EVERY_MS = 300;
const POISON_EVERY_MS = 250;
const FIRST_LEAVE_MS = 2_000;

/** Runs `work` again and again with a pause between, until it is told to end. Resolves after the last run. */
const every = async (pauseMs: number, ending: AbortSignal, work: () => Promise<void>): Promise<void> => {
  while (!ending.aborted) {
    await wait(pauseMs, undefined, { signal: ending }).catch(() => undefined);
    if (!ending.aborted) await work();
  }
};

/** Shops that never stop: purchases, refunds and all that points buy at a steady rate, copies and nonsense between. */
export const startLoad = (options: LoadOptions): Load => {
  const { bus, sql, random, customers, leavers, deedsPerSecond, shop } = options;
  const ending = new AbortController();
  const givenUp = new AbortController();
  const caller = createCaller(options.urls, options.apiKey, givenUp.signal);
  const done = nothingYet();
  const lines = customers.map((id) => createCustomerLine(id, { caller, random: random.fork(id), done, shop }));
  const chooser = random.fork('turns');

  const begun = performance.now();
  let turns = 0;
  const give = async (): Promise<void> => {
    const due = ((performance.now() - begun) * deedsPerSecond) / 1_000;
    for (; turns < due; turns++) {
      const waiting = lines.reduce((sum, line) => sum + line.waiting(), 0);
      if (waiting < MAX_WAITING) chooser.pick(lines).turn();
    }
  };
  const byHttp = random.fork('copies by http');
  const byBus = random.fork('copies by bus');
  const strangers = random.fork('poison');
  const running = [
    every(20, ending.signal, give),
    every(DUPLICATES_EVERY_MS, ending.signal, () => resendByHttp(done, caller, byHttp)),
    every(DUPLICATES_EVERY_MS, ending.signal, () => resendByBus(done, bus, byBus)),
    every(POISON_EVERY_MS, ending.signal, () => publishPoison(done, strangers.pick(customers), bus)),
    wait(FIRST_LEAVE_MS).then(() =>
      Promise.all(leavers.map((id) => leave(id, { caller, sql, done, givenUp: givenUp.signal }))),
    ),
  ];

  return {
    done,
    end: async (limitMs) => {
      ending.abort();
      const limit = setTimeout(() => givenUp.abort(), limitMs);
      await Promise.all([...running, ...lines.map((line) => line.idle())]);
      clearTimeout(limit);
      done.answers = caller.answers();
    },
  };
};
