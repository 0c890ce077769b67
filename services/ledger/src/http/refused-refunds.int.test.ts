import { CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const list = async (more = '') => (await ledger.call('GET', `/v1/refunds?status=refused${more}`)).json();
const idsOf = ({ refunds }: { refunds: { refundId: string }[] }) => refunds.map(({ refundId }) => refundId);

test('a refund that waited for its order and does not fit it can be read', async () => {
  const five = { scope: 'amount', amountMinor: 500 } as const;
  await ledger.send(
    refund('ann', 'r-currency', { ...five, orderId: 'ann-1', currency: 'USD' }),
    refund('bob', 'r-customer', { scope: 'whole', orderId: 'ann-1' }),
    refund('ann', 'r-fits', { ...five, orderId: 'ann-1' }),
    refund('ann', 'r-waits', { ...five, orderId: 'never-told' }),
  );
  expect(await list()).toEqual({ refunds: [] });
  const told = ledger.clock.now().toString();
  ledger.clock.advance('PT1H');
  await ledger.send(purchase('ann', 'ann-1', 1_000));
  expect(await ledger.balance('ann')).toMatchObject({ active: 5 });
  const always = { orderId: 'ann-1', occurredAt: T0, recordedAt: told };
  expect(await list()).toEqual({
    refunds: [
      {
        ...{ refundId: 'r-customer', customerId: 'bob', scope: 'whole', currency: 'EUR' },
        ...{ ...always, note: 'ledger.refund_of_another_customer' },
      },
      {
        ...{ refundId: 'r-currency', customerId: 'ann', scope: 'amount', currency: 'USD', amountMinor: 500 },
        ...{ ...always, note: 'ledger.refund_currency_mismatch' },
      },
    ],
  });
});

test('those told last come first, page by page', async () => {
  for (const id of ['x_1', 'x_2', 'y']) {
    ledger.clock.advance('PT1M');
    await ledger.send(refund('bob', id, { scope: 'whole', orderId: 'ann-1' }));
  }
  const all = ['y', 'x_2', 'x_1', 'r-customer', 'r-currency'];
  expect(idsOf(await list())).toEqual(all);
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(`&limit=2${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    found.push(...idsOf(page));
    cursor = page.nextCursor;
  } while (cursor);
  expect(found).toEqual(all);
  for (const query of ['', '?status=waiting', '?status=refused&cursor=x', '?status=refused&limit=0'])
    expect((await ledger.call('GET', `/v1/refunds${query}`)).statusCode, query).toBe(400);
});

test('one that fits when it is told again is no longer among them', async () => {
  const told = refund('cat', 'z', { scope: 'whole', orderId: 'ann-1' });
  await ledger.send(told);
  expect(idsOf(await list())).toContain('z');
  const ids = { id: newId(), source: '/test', time: T0 };
  await ledger.send(event(CustomerMerged, ids, { customerId: 'cat', intoCustomerId: 'ann' }));
  await ledger.send(told);
  expect(idsOf(await list())).not.toContain('z');
  expect(await ledger.balance('ann')).toMatchObject({ active: 0 });
});
