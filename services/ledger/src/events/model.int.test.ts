import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { PROGRAMME } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { compare, type Scenario, scenario, type World } from '../test/operations.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { recordPurchases } from '../use-cases/record-purchases.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { LEDGER_RESERVATION_MAX_TTL_SECONDS: '2592000' } });
});
afterAll(() => ledger.stop());

const currentRules = createCurrentRules();

const realWorld = ({ policy }: Scenario): World => ({
  setNow: async (now) => ledger.clock.set(now),
  // Straight to the handler, so that both customers are in one batch, in this order.
  publish: async (events) => {
    const context = { group: 'model', topic: 'vafa.purchases', partition: 0, now: ledger.clock.now() };
    await ledger
      .sql('ledger')
      .begin((tx) => recordPurchases(tx, events, context, { currentRules, lookBackPurchases: 1_000 }));
  },
  reserve: async (customerId, points, ttlSeconds) => {
    const answer = await ledger.call('POST', `/v1/customers/${customerId}/reservations`, { points, ttlSeconds });
    return answer.statusCode === 201 ? answer.json().reservationId : undefined;
  },
  capture: async (id, points) =>
    (await ledger.call('POST', `/v1/reservations/${id}/capture`, { points })).statusCode === 200,
  release: async (id) => (await ledger.call('POST', `/v1/reservations/${id}/release`)).statusCode === 200,
  adjust: async (customerId, points) =>
    (await ledger.call('POST', `/v1/customers/${customerId}/adjustments`, { points, reason: 'test' })).statusCode ===
    201,
  setExpiry: async (expiresAfterDays) => {
    await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, returnPolicy: policy, expiresAfterDays });
  },
  sweep: async () => {
    await ledger.service('ledger').runJobs();
  },
  state: async (customerId) => {
    const sql = ledger.sql('ledger');
    const [[account], entries, lots] = await Promise.all([
      sql<{ active: number; reserved: number; deficit: number }[]>`
        select active, reserved, deficit from balance where customer_id = ${customerId}`,
      sql<{ kind: string; points: number; balance_after: number }[]>`
        select kind, case when credit = 'customer' then amount else -amount end as points, balance_after from transfer
        where customer_id = ${customerId} order by seq`,
      sql<{ granted: number; remaining: number; expired: number; waived: number; absorbed: number }[]>`
        select lot.* from lot join transfer t using (id) where lot.customer_id = ${customerId} order by t.occurred_at`,
    ]);
    return {
      ...(account ?? { active: 0, reserved: 0, deficit: 0 }),
      entries: entries.map((entry) => [entry.kind, entry.points, entry.balance_after]),
      lots: lots.map((lot) => [lot.granted, lot.remaining, lot.expired, lot.waived, lot.absorbed]),
    };
  },
});

test('the ledger behind its doors does what the slow and obvious one does', async () => {
  let scenarios = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      scenarios += 1;
      await compare(realWorld(drawn), drawn, `s${scenarios}-`, ledger.clock.now().epochMilliseconds);
      await ledger.verify();
    }),
    { numRuns: 40 },
  );
}, 180_000);
