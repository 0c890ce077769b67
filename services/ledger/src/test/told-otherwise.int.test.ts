import type { Sql } from '@vafa/bus';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtDamage } from './damage.fixture.ts';
import { purchase } from './events.fixture.ts';
import { type LedgerHarness, startLedger } from './ledger.fixture.ts';
import { level, structure } from './tiers.fixture.ts';
import { findNoticesToldOtherwise } from './told-notices.fixture.ts';
import { findTiersToldOtherwise } from './told-tiers.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  const tiers = structure({ levels: [level('silver', 10), level('gold', 20)] });
  ledger = await startLedger({ tiers, expiresAfterDays: 10, expiringSoonDays: 3 });
  await ledger.send(purchase('ann', 'ann-1', 1_500));
  await ledger.send(purchase('ann', 'ann-2', 1_000));
  ledger.clock.advance({ hours: 24 * 8 });
  await ledger.settle();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const told = (type: string): string => `bus.log_record where headers::json ->> 'ce_type' = '${type}'`;

test.each([
  ['select 1', []],
  ["update tier_state set tier = 'silver'", ['has silver, was told of gold']],
  ['delete from tier_state', ['has null, was told of gold']],
  [
    `delete from ${told('tier.changed')} and value::json ->> 'to' = 'silver'`,
    ['ann was told to change from silver to gold, having been told of null'],
  ],
  [`delete from ${told('tier.changed')}`, ['has gold, was told of null']],
])('of tiers: %s', async (damage, details) => {
  const found = await lookAtDamage(ledger, damage, (tx) => findTiersToldOtherwise({ admin: tx as unknown as Sql }));
  expect(found.map(({ detail }) => detail)).toEqual(details);
});

test.each([
  ['select 1', []],
  ['delete from lot', ['there is no such lot']],
  ["update lot set customer_id = 'bob'", ['the lot is of somebody else']],
  ['update lot set granted = 9, remaining = 9', ['the lot had fewer points']],
  ["update lot set expires_at = expires_at - interval '1 hour'", ['the lot expires at another time']],
  ["update lot set expires_at = expires_at + interval '1 hour', slides = false", ['the lot expires at another time']],
  ["update programme_version set created_at = created_at + interval '1 year'", ['they were not to be told of yet']],
])('of points that will expire: %s', async (damage, problems) => {
  const found = await lookAtDamage(ledger, damage, (tx) => findNoticesToldOtherwise({ admin: tx as unknown as Sql }));
  expect([...new Set(found.map(({ detail }) => detail.split(':')[0]))]).toEqual(problems);
});
