import {
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  type EventEnvelope,
  event,
  type Topic,
  Topics,
} from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { createApiKey, SCOPES } from '@vafa/platform';
import type { InjectAnswer } from '@vafa/testing';
import { expect } from 'vitest';
import type { Lot } from '../domain/lot.ts';
import { freeTierOf } from '../domain/tiers/structure.ts';
import { lookAsOf } from '../use-cases/read-tier.ts';
import { createTierRules } from '../use-cases/tier-rules.ts';
import { CLAIMABLE } from './claims.fixture.ts';
import type { State, World } from './compare.fixture.ts';
import { PROGRAMME } from './events.fixture.ts';
import type { LedgerHarness } from './ledger.fixture.ts';
import { APPROVAL_ABOVE } from './operations.fixture.ts';
import { redemptions } from './redemption.fixture.ts';
import type { Scenario } from './scenario.fixture.ts';

/** How the ledger is reached. */
export interface Doors {
  /** One batch of a topic, in order. */
  publish(topic: Topic, events: readonly EventEnvelope[]): Promise<void>;
  post(url: string, payload?: unknown, headers?: Record<string, string>): Promise<InjectAnswer>;
  /** Does what is due, until nothing is. */
  sweep(): Promise<void>;
}

/** The real ledger, driven through its doors and looked at in its tables. */
export const realWorld = (
  ledger: LedgerHarness,
  { policy, spentPoints, zone, activation, rules, matching, tiers, onErase }: Scenario,
  doors: Doors,
): World => {
  const envelope = () => ({ id: newId(), source: '/test', time: ledger.clock.now().toString() });
  const sql = ledger.sql('ledger');
  let second: Record<string, string> | undefined;
  const secondKey = async (): Promise<Record<string, string>> => {
    if (second) return second;
    const key = await createApiKey(ledger.admin, { name: newId(), scopes: SCOPES }, ledger.clock.now());
    second = { authorization: `Bearer ${key.secret}` };
    return second;
  };
  const { addPool, addReward } = redemptions(() => ledger);
  /** Rewards of this world, made when the first is asked for. */
  let rewards: string[] | undefined;
  const addRewards = async (): Promise<string[]> => {
    const ids: string[] = [];
    for (const { codes, ...reward } of CLAIMABLE) {
      const own = newId().slice(-12).toUpperCase();
      const uploaded = Array.from({ length: codes ?? 0 }, (_, i) => `CODE${own}N${i}`);
      const couponPoolId = codes === null ? null : await addPool({}, { codes: uploaded });
      ids.push(await addReward({ ...reward, couponPoolId }));
    }
    return ids;
  };
  /** Pseudonyms are random: those that an erasure brought are its own. */
  const nobodies = new Set<string>();
  const allNobodies = async (): Promise<string[]> =>
    (await sql<{ id: string }[]>`select customer_id as id from balance where customer_id like 'erased:%'`).map(
      ({ id }) => id,
    );
  const tierRules = tiers ? createTierRules({ ...PROGRAMME, ...zone, tiers }) : undefined;
  /** As it is told: what is past its time is lost, the sweep been by or not. */
  const tierOf = async (customerId: string): Promise<string | null> => {
    if (!tierRules) return null;
    const { state } = await lookAsOf(sql, tierRules, customerId, ledger.clock.now().epochMilliseconds);
    return state?.tier ?? freeTierOf(tierRules.structure);
  };
  const stateOf = async (customerId: string): Promise<State> => {
    const [[account], tier, [counted], entries, lots] = await Promise.all([
      sql<{ active: number; pending: number; reserved: number; deficit: number }[]>`
        select active, pending, reserved, deficit from balance where customer_id = ${customerId}`,
      tierOf(customerId),
      sql<State['counted'][]>`
        select (select coalesce(sum(amount), 0)::integer from qualification where customer_id = ${customerId}) as tiers,
          (select coalesce(sum(awards), 0)::integer from rule_counter where customer_id = ${customerId}) as caps`,
      sql<{ kind: string; points: number; balance_after: number }[]>`
        select kind, case 'customer' when credit then amount when debit then -amount else 0 end as points, balance_after
        from transfer where customer_id = ${customerId} order by seq`,
      sql<(Lot & { endsMs: number | null; tier: string | null })[]>`
        select lot.tier, lot.granted, lot.remaining, lot.pending, lot.expired, lot.waived, lot.absorbed,
          case when lot.remaining > 0 and expires_at is not null then floor(extract(epoch from
            greatest(expires_at, case when slides and lot.expired = 0 then slides_until end)) * 1000)::bigint end as "endsMs"
        from lot join transfer t using (id) join balance on balance.customer_id = lot.customer_id where lot.customer_id = ${customerId} order by t.occurred_at, t.seq`,
    ]);
    return {
      ...(account ?? { active: 0, pending: 0, reserved: 0, deficit: 0 }),
      tier,
      counted: counted ?? { tiers: 0, caps: 0 },
      entries: entries.map((entry) => [entry.kind, entry.points, entry.balance_after]),
      lots: lots.map((lot) => [
        ...[lot.granted, lot.remaining, lot.pending, lot.expired, lot.waived, lot.absorbed],
        lot.endsMs,
      ]),
      lotTiers: lots.map((lot) => lot.tier),
    };
  };
  return {
    setNow: async (now) => ledger.clock.set(now),
    publish: (events) => doors.publish(Topics.purchases, events),
    reserve: async (customerId, points, ttlSeconds, orderId) => {
      const body = { points, ttlSeconds, ...(orderId ? { orderId } : {}) };
      const answer = await doors.post(`/v1/customers/${customerId}/reservations`, body);
      return answer.statusCode === 201 ? answer.json().reservationId : undefined;
    },
    capture: async (id, points) => (await doors.post(`/v1/reservations/${id}/capture`, { points })).statusCode === 200,
    release: async (id) => (await doors.post(`/v1/reservations/${id}/release`)).statusCode === 200,
    adjust: async (customerId, points) =>
      (await doors.post(`/v1/customers/${customerId}/adjustments`, { points, reason: 'test' })).statusCode === 201,
    claim: async (customerId, reward, reference) => {
      rewards ??= await addRewards();
      const url = `/v1/customers/${customerId}/rewards/${rewards[reward]}/claims`;
      const answer = await doors.post(url, reference === undefined ? {} : { reference });
      return answer.statusCode === 201 ? answer.json().claimId : undefined;
    },
    cancel: async (id) => (await doors.post(`/v1/reward-claims/${id}/cancel`, {})).statusCode === 200,
    give: async (from, toCustomerId, points) => {
      const body = { toCustomerId, points, reason: 'test' };
      const answer = await doors.post(`/v1/customers/${from}/transfers`, body);
      const { parts } = answer.json();
      return answer.statusCode === 201 ? parts.map(({ toEntryId }: { toEntryId: string }) => toEntryId) : undefined;
    },
    visit: (interaction, times) => doors.publish(Topics.interactions, Array(times).fill(interaction)),
    join: (membership, times) => doors.publish(Topics.segments, Array(times).fill(membership)),
    know: (customerId, known) =>
      doors.publish(Topics.customers, [event(CustomerUpdated, envelope(), { customerId, ...known })]),
    setExpiry: async (expiry) => {
      const answer = await ledger.call('PUT', '/v1/programme', {
        ...{ ...PROGRAMME, ...zone, returns: { policy, spentPoints }, expiresAfterDays: null, expiry, onErase },
        approvalAbovePoints: APPROVAL_ABOVE,
        ...{ activation, rules, matching, ...(tiers ? { tiers } : {}) },
      });
      expect(answer.statusCode, answer.body).toBe(200);
    },
    sweep: () => doors.sweep(),
    grant: async (customerId, grantId, asked) => {
      const answer = await doors.post(`/v1/customers/${customerId}/grants`, { grantId, ...asked, reason: 'test' });
      return answer.statusCode === 201 ? answer.json().points : undefined;
    },
    requests: {
      ask: async (customerId, points) => {
        const answer = await doors.post(`/v1/customers/${customerId}/adjustments`, { points, reason: 'test' });
        expect(answer.statusCode, answer.body).toBe(202);
        return answer.json().requestId;
      },
      decide: async (id, approves, who) => {
        const url = `/v1/adjustment-requests/${id}/${approves ? 'approve' : 'reject'}`;
        const answer = await doors.post(url, { reason: 'test' }, who === 'another' ? await secondKey() : {});
        return answer.statusCode === 200;
      },
    },
    merge: (customerId, intoCustomerId, time, times) => {
      const merged = event(CustomerMerged, { ...envelope(), time }, { customerId, intoCustomerId });
      return doors.publish(Topics.customers, Array(times).fill(merged));
    },
    erase: async (customerId, time, times) => {
      const before = new Set(await allNobodies());
      const erased = event(CustomerErased, { ...envelope(), time }, { customerId });
      await doors.publish(Topics.customers, Array(times).fill(erased));
      for (const id of await allNobodies()) if (!before.has(id)) nobodies.add(id);
    },
    state: stateOf,
    nobodies: () => Promise.all([...nobodies].map(stateOf)),
  };
};
