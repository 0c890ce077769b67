import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  const gift = (id: string, caps: object) => ({
    id,
    name: id,
    trigger: { on: 'purchase' as const },
    effect: { kind: 'fixed' as const, points: 10 },
    order: 1,
    caps: { beyond: 'reduce' as const, ...caps },
  });
  ledger = await startLedger({
    rates: [],
    rules: [
      gift('budget', { budget: [{ limit: 50, unit: 'points', per: 'month' }] }),
      gift('own', { perCustomer: [{ limit: 10, unit: 'points', per: 'month' }] }),
      gift('both', {
        perCustomer: [{ limit: 20, unit: 'points', per: 'month' }],
        budget: [{ limit: 1_000, unit: 'points', per: 'month' }],
      }),
    ],
  });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

let orders = 0;
const buy = async (customerId: string, times: number) => {
  for (let i = 0; i < times; i += 1) {
    orders += 1;
    await ledger.send(purchase(customerId, `order-${orders}`, 1_000));
  }
};
const given = async (ruleId: string) => {
  const rows = await ledger.sql('ledger')<{ customerId: string; points: number }[]>`
    select customer_id as "customerId", sum(amount)::bigint as points from transfer where rule_id = ${ruleId} group by 1`;
  return Object.fromEntries(rows.map(({ customerId, points }) => [customerId, points]));
};
const told = { source: '/test', time: T0 };

test('a customer may be called as he likes: nobody is taken for everybody', async () => {
  await buy('ann', 3);
  await buy('*', 3);
  expect(await given('both')).toEqual({ ann: 20, '*': 20 });
  expect(await given('budget')).toEqual({ ann: 30, '*': 20 });

  // Neither going up in another nor being forgotten takes a budget along.
  await ledger.send(event(CustomerMerged, { id: newId(), ...told }, { customerId: '*', intoCustomerId: 'bob' }));
  await buy('cid', 1);
  await ledger.send(event(CustomerErased, { id: newId(), ...told }, { customerId: 'bob' }));
  await buy('*', 1);
  await ledger.send(event(CustomerErased, { id: newId(), ...told }, { customerId: '*' }));
  await buy('dan', 1);
  expect(Object.values(await given('budget')).reduce((sum, points) => sum + points, 0)).toBe(50);
});

test('an order of nobody is tried without what a customer has had, however that is called', async () => {
  await buy('-', 1);
  const simulate = (customerId?: string) =>
    ledger.call('POST', '/v1/programme/simulations', { order: { currency: 'EUR', totalMinor: 1_000 }, customerId });
  expect((await simulate('-')).json()).toMatchObject({ points: 10, cappedAway: ['budget', 'own'] });
  expect((await simulate()).json()).toMatchObject({ points: 20, cappedAway: ['budget'] });
});
