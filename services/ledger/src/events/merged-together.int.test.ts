import { prepareAndHandle, type Tx } from '@vafa/bus';
import { type EventEnvelope, type Topic, Topics } from '@vafa/contracts';
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

/** Handles events in a transaction, as a batch of their topic does. */
const hear = async (tx: unknown, topic: Topic, events: readonly EventEnvelope[]): Promise<void> => {
  const subscription = present(
    heard.find((each) => each.topic === topic),
    topic.name,
  );
  const context = { group: 'test', topic: topic.name, partition: 0, now: ledger.clock.now() };
  await prepareAndHandle(subscription, tx as Tx, events as never, context);
};

const mergeAll = (...pairs: [string, string][]): Promise<unknown> =>
  ledger.sql('ledger').begin((tx) =>
    hear(
      tx,
      Topics.customers,
      pairs.map(([one, other]) => customerMerged(one, other)),
    ),
  );

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

test('segments that a customer and who was merged into it are told to enter at the same moment are all kept', async () => {
  await buy('lea', 'leo', 'mae', 'max');
  await ledger.send(customerMerged('lea', 'leo'), customerMerged('mae', 'max'), enter('max', 'known'));
  for (const [former, owner] of [
    ['lea', 'leo'],
    ['mae', 'max'],
  ] as const) {
    let told: Promise<unknown> | undefined;
    await ledger.sql('ledger').begin(async (tx) => {
      await hear(tx, Topics.segments, [enter(former, 'one')]);
      told = ledger.sql('ledger').begin((other) => hear(other, Topics.segments, [enter(owner, 'two')]));
      await untilWaiting(ledger);
    });
    await told;
  }
  const kept = await ledger.sql('ledger')`
    select customer_id as of, segments from customer_profile where customer_id = any('{lea,leo,mae,max}') order by 1`;
  expect(kept).toEqual([
    { of: 'leo', segments: ['one', 'two'] },
    { of: 'max', segments: ['known', 'one', 'two'] },
  ]);
});
