import { prepareAndHandle } from '@vafa/bus';
import { Topics } from '@vafa/contracts';
import { present } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('several mergers by one transaction and somebody who needs the same accounts in their order do not deadlock', async () => {
  const names = ['ann', 'bob', 'xia', 'yan'];
  await ledger.send(...names.map((name) => purchase(name, `${name}-1`, 1_000)));
  let merged: Promise<unknown> | undefined;
  await ledger.sql('ledger').begin(async (tx) => {
    const lock = (name: string) => tx`select from balance where customer_id = ${name} for update`;
    await lock('ann');
    merged = mergeAll(['xia', 'yan'], ['ann', 'bob']);
    await untilWaiting(ledger);
    await lock('xia');
  });
  await merged;
  expect(await ledger.balance('yan')).toMatchObject({ active: 20 });
  expect(await ledger.balance('bob')).toMatchObject({ active: 20 });
});
