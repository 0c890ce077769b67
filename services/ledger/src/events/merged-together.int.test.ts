import { prepareAndHandle } from '@vafa/bus';
import { Topics } from '@vafa/contracts';
import { present } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enter } from '../test/club-rules.fixture.ts';
import { purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerMerged } from '../test/redemption.fixture.ts';
import { untilWaiting } from '../test/until-waiting.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { subscriptions } from './subscriptions.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const heard = subscriptions({
  currentRules: createCurrentRules(),
  refunds: { lookBackPurchases: 100, openDays: 7 },
  countOutcomes: () => undefined,
});

/** Merges by one transaction, as a batch of the topic does. */
const mergeAll = (...pairs: [string, string][]): Promise<unknown> =>
  ledger.sql('ledger').begin(async (tx) => {
    const subscription = present(
      heard.find(({ topic }) => topic === Topics.customers),
      'customers',
    );
    const context = { group: 'test', topic: Topics.customers.name, partition: 0, now: ledger.clock.now() };
    await prepareAndHandle(subscription, tx, pairs.map(([one, other]) => customerMerged(one, other)) as never, context);
  });

/** Merges by one transaction while somebody has locked the one row of a table, and then needs the other. */
const mergeWhileLocked = async (
  [table, first, then]: readonly ['balance' | 'customer_profile', string, string],
  ...pairs: [string, string][]
): Promise<void> => {
  let merged: Promise<unknown> | undefined;
  await ledger.sql('ledger').begin(async (tx) => {
    const lock = (name: string) => tx`select from ${tx(table)} where customer_id = ${name} for update`;
    await lock(first);
    merged = mergeAll(...pairs);
    await untilWaiting(ledger);
    await lock(then);
  });
  await merged;
};
const buy = (...names: string[]) => ledger.send(...names.map((name) => purchase(name, `${name}-1`, 1_000)));

test('several mergers by one transaction and somebody who needs the same accounts in their order do not deadlock', async () => {
  await buy('ann', 'bob', 'xia', 'yan');
  await mergeWhileLocked(['balance', 'ann', 'xia'], ['xia', 'yan'], ['ann', 'bob']);
  expect(await ledger.balance('yan')).toMatchObject({ active: 20 });
  expect(await ledger.balance('bob')).toMatchObject({ active: 20 });
});

test('nor do they where one is named as before a merger: the account that counts comes in its order', async () => {
  await buy('amy', 'nick', 'xeno', 'yves', 'zach');
  await ledger.send(customerMerged('nick', 'amy'));
  await mergeWhileLocked(['balance', 'amy', 'xeno'], ['xeno', 'yves'], ['zach', 'nick']);
  expect(await ledger.balance('yves')).toMatchObject({ active: 20 });
  expect(await ledger.balance('amy')).toMatchObject({ active: 30 });
});

test('nor with somebody who needs their profiles', async () => {
  const names = ['ada', 'bea', 'xan', 'yul'];
  await buy(...names);
  await ledger.send(...names.map((name) => enter(name, 'vip')));
  await mergeWhileLocked(['customer_profile', 'ada', 'xan'], ['xan', 'yul'], ['ada', 'bea']);
  expect(await ledger.balance('yul')).toMatchObject({ active: 20 });
  expect(await ledger.balance('bea')).toMatchObject({ active: 20 });
});
