import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import type { Lot } from '../domain/lot.ts';
import { PROGRAMME } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { activationOf, compare, type Scenario, scenario, type World } from '../test/operations.fixture.ts';
import { renameRules } from '../test/rules.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { recordPurchases } from '../use-cases/record-purchases.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { LEDGER_RESERVATION_MAX_TTL_SECONDS: '2592000' } });
});
afterAll(() => ledger.stop());

const currentRules = createCurrentRules();

const realWorld = ({ policy, spentPoints, waitHours, rules, matching }: Scenario): World => ({
  setNow: async (now) => ledger.clock.set(now),
  // Straight to the handler, so that both customers are in one batch, in this order.
  publish: async (events) => {
    const context = { group: 'model', topic: 'vafa.purchases', partition: 0, now: ledger.clock.now() };
    await ledger
      .sql('ledger')
      .begin((tx) => recordPurchases(tx, events, context, { currentRules, lookBackPurchases: 1_000 }));
  },
  reserve: async (customerId, points, ttlSeconds, orderId) => {
    const body = { points, ttlSeconds, ...(orderId ? { orderId } : {}) };
    const answer = await ledger.call('POST', `/v1/customers/${customerId}/reservations`, body);
    return answer.statusCode === 201 ? answer.json().reservationId : undefined;
  },
  capture: async (id, points) =>
    (await ledger.call('POST', `/v1/reservations/${id}/capture`, { points })).statusCode === 200,
  release: async (id) => (await ledger.call('POST', `/v1/reservations/${id}/release`)).statusCode === 200,
  adjust: async (customerId, points) =>
    (await ledger.call('POST', `/v1/customers/${customerId}/adjustments`, { points, reason: 'test' })).statusCode ===
    201,
  give: async (from, toCustomerId, points) => {
    const body = { toCustomerId, points, reason: 'test' };
    return (await ledger.call('POST', `/v1/customers/${from}/transfers`, body)).statusCode === 201;
  },
  know: async (customerId, { tier, segments, lifecycle, attributes }) => {
    const sql = ledger.sql('ledger');
    await sql`insert into customer_profile (customer_id, segments, lifecycle, attributes)
      values (${customerId}, ${JSON.stringify(segments)}::text::jsonb, ${lifecycle}, ${JSON.stringify(attributes)}::text::jsonb)`;
    await sql`insert into tier_state (customer_id, tier, since) values (${customerId}, ${tier}, now())`;
  },
  setExpiry: async (expiresAfterDays) => {
    await ledger.call('PUT', '/v1/programme', {
      ...{ ...PROGRAMME, returns: { policy, spentPoints }, expiresAfterDays, activation: activationOf(waitHours) },
      ...{ rules, matching },
    });
  },
  sweep: async () => {
    await ledger.service('ledger').runJobs();
  },
  state: async (customerId) => {
    const sql = ledger.sql('ledger');
    const [[account], entries, lots] = await Promise.all([
      sql<{ active: number; pending: number; reserved: number; deficit: number }[]>`
        select active, pending, reserved, deficit from balance where customer_id = ${customerId}`,
      sql<{ kind: string; points: number; balance_after: number }[]>`
        select kind, case 'customer' when credit then amount when debit then -amount else 0 end as points, balance_after from transfer
        where customer_id = ${customerId} order by seq`,
      sql<Lot[]>`
        select lot.granted, lot.remaining, lot.pending, lot.expired, lot.waived, lot.absorbed from lot join transfer t using (id) where lot.customer_id = ${customerId} order by t.occurred_at, t.seq`,
    ]);
    return {
      ...(account ?? { active: 0, pending: 0, reserved: 0, deficit: 0 }),
      entries: entries.map((entry) => [entry.kind, entry.points, entry.balance_after]),
      lots: lots.map((lot) => [lot.granted, lot.remaining, lot.pending, lot.expired, lot.waived, lot.absorbed]),
    };
  },
});

test('the ledger behind its doors does what the slow and obvious one does', async () => {
  let scenarios = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      scenarios += 1;
      const prefix = `s${scenarios}-`;
      // Counters are kept by rule: each scenario has rules of its own.
      const own = { ...drawn, rules: renameRules(drawn.rules, prefix) };
      await compare(realWorld(own), own, prefix, ledger.clock.now().epochMilliseconds);
      await ledger.verify();
    }),
    { numRuns: 40 },
  );
}, 180_000);
