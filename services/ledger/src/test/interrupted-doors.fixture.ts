import { newId, present } from '@vafa/kernel';
import type { ServiceContext } from '@vafa/platform';
import type { Programme } from '../domain/programme.ts';
import { subscriptions } from '../events/subscriptions.ts';
import { jobs } from '../jobs/jobs.ts';
import { ledger as service } from '../service.ts';
import type { LedgerSettings } from '../settings.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { type Breaker, createBreaker } from './breaks.fixture.ts';
import { startHandDelivery } from './hand-delivery.fixture.ts';
import { interrupt } from './interrupt.fixture.ts';
import { type LedgerHarness, startLedger } from './ledger.fixture.ts';
import { createLookAtAll } from './look-at-all.fixture.ts';
import type { Doors } from './real-world.fixture.ts';

/** Jobs that change what customers have in the model; replays and closed books are no part of it. */
const SWEEPS: ReadonlySet<string> = new Set([
  'release-overdue-reservations',
  'settle-what-is-due',
  'award-birthdays',
  'recount-tiers',
  'settle-overlooked-refunds',
  'close-open-refunds',
]);

export interface InterruptedLedger {
  ledger: LedgerHarness;
  /** Doors behind which every transaction is broken wherever it can be, before what they are asked is done. */
  doors: Doors;
}

/** The ledger, with a breaker between it and its database at all three doors; `more` are jobs that sweep too. */
export const startInterruptedLedger = async (
  settings: Record<string, string>,
  more: readonly string[] = [],
  programme: Partial<Programme> = {},
): Promise<InterruptedLedger> => {
  let breaker: Breaker | undefined;
  const breakable: typeof service = {
    ...service,
    routes: (app, context) => {
      breaker = createBreaker(context.sql);
      return service.routes(app, { ...context, sql: breaker.sql });
    },
  };
  // What is broken is told in the log, thousands of times.
  const ledger = await startLedger(programme, {
    services: [breakable],
    settings: { ...settings, VAFA_LOG_LEVEL: 'silent' },
  });
  const own = present(breaker, 'breaker');
  const context = { ...ledger.service('ledger').context, sql: own.sql } as ServiceContext<LedgerSettings>;
  const currentRules = createCurrentRules();
  const heard = subscriptions({
    currentRules,
    refunds: { lookBackPurchases: 1_000, openDays: 7 },
    countOutcomes: () => undefined,
  });
  const delivery = await startHandDelivery(own.sql, heard, context);
  const sweeps = jobs(context, { currentRules }).filter(({ name }) => SWEEPS.has(name) || more.includes(name));
  const lookAtAll = await createLookAtAll(context.sql);

  const broken = <Result>(work: (lost: AbortSignal) => Promise<Result>): Promise<Result> =>
    interrupt({ breaker: own, work, lookAtAll });
  const doors: Doors = {
    publish: (topic, events) => broken(delivery.append(topic, events)),
    post: (url, payload, more) => {
      const headers = { 'idempotency-key': newId(), ...more };
      return broken(() => ledger.call('POST', url, payload, headers));
    },
    sweep: async () => {
      for (const { run } of sweeps) {
        const { signal } = new AbortController();
        while ((await broken(() => run(signal))) > 0);
      }
    },
  };
  return { ledger, doors };
};
