import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger?.stop());

const customers = ['ann', 'bob', 'cid', 'dan', 'eve'];
const activeOf = async (customerId: string): Promise<number> => (await ledger.balance(customerId)).active;

test('what the log says was handled, and a restored book does not know, is booked though nothing new comes', async () => {
  await ledger.send(...customers.map((id) => purchase(id, `first-${id}`, 100_00)));
  const before = await Promise.all(customers.map(activeOf));
  expect(Math.min(...before)).toBeGreaterThan(0);
  await ledger.service('ledger').stop();
  await ledger.publish(customers.map((id) => purchase(id, `second-${id}`, 100_00)));
  // The log went on with the service after the backup of the book was made: its offsets are ahead of the book's fence.
  await ledger.admin`update bus.log_cursor c set committed = p.next_offset from bus.log_partition p
    where c.grp = 'vafa.ledger' and p.topic = c.topic and p.partition = c.partition`;
  await ledger.restart('ledger');
  await ledger.settle();
  expect(await Promise.all(customers.map(activeOf))).toEqual(before.map((points) => points * 2));
  await ledger.verify();
});
