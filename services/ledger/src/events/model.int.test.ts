import { prepareAndHandle } from '@vafa/bus';
import type { Topic } from '@vafa/contracts';
import { present } from '@vafa/kernel';
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import type { CalendarZone } from '../domain/calendar.ts';
import { compare } from '../test/compare.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { createUnseenSweep } from '../test/reads-as-one.fixture.ts';
import { type Doors, realWorld } from '../test/real-world.fixture.ts';
import { renameRules } from '../test/rules.fixture.ts';
import { expiryPolicy, scenario } from '../test/scenario.fixture.ts';
import { ZONES } from '../test/terms.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { subscriptions } from './subscriptions.ts';

/** One for each calendar: once a day is closed, a book's stays. */
const ledgers = new Map<CalendarZone, LedgerHarness>();

beforeAll(async () => {
  for (const zone of ZONES)
    ledgers.set(
      zone,
      await startLedger(zone, {
        settings: { LEDGER_RESERVATION_MAX_TTL_SECONDS: '2592000', LEDGER_COUNTS_KEPT_DAYS: '36500' },
      }),
    );
});
afterAll(async () => {
  for (const ledger of ledgers.values()) await ledger.stop();
});

const doorsOf = (ledger: LedgerHarness): Doors => {
  const heard = subscriptions({
    currentRules: createCurrentRules(),
    refunds: { lookBackPurchases: 1_000, openDays: 7 },
    countOutcomes: () => undefined,
  });
  const subscriptionTo = ({ name }: Topic) =>
    present(
      heard.find(({ topic }) => topic.name === name),
      name,
    );
  return {
    // Straight to the handler, so that both customers are in one batch, in this order.
    publish: async (topic, events) => {
      const context = { group: 'model', topic: topic.name, partition: 0, now: ledger.clock.now() };
      await ledger.sql('ledger').begin((tx) => prepareAndHandle(subscriptionTo(topic), tx, events, context));
    },
    post: (url, payload, headers) => ledger.call('POST', url, payload, headers),
    sweep: async () => {
      await ledger.service('ledger').runJobs();
    },
  };
};

test('the ledger behind its doors does what the slow and obvious one does', async () => {
  let scenarios = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      scenarios += 1;
      const prefix = `s${scenarios}-`;
      // Counters are kept by rule: each scenario has rules of its own.
      const own = { ...drawn, rules: renameRules(drawn.rules, prefix) };
      const ledger = present(ledgers.get(drawn.zone), 'ledger');
      const world = realWorld(ledger, own, doorsOf(ledger));
      // Its tiers are those in force, and everybody is counted by them: the model knows no count of everybody.
      await world.setExpiry(expiryPolicy(own.expiry, own.sliding));
      ledger.clock.advance({ minutes: 2 });
      await world.sweep();
      const sweep = createUnseenSweep(ledger, prefix, world.sweep);
      await compare({ ...world, sweep }, own, prefix, ledger.clock.now().epochMilliseconds);
      await ledger.verify();
    }),
    // Told as it was drawn: to make it smaller takes longer than the test may.
    { numRuns: 40, endOnFailure: true },
  );
}, 180_000);
