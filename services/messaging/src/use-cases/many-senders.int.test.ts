import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partsOf } from '../parts.ts';
import { takeCallSlot } from '../store/channels.ts';
import { type MessagingFixture, startMessaging } from '../test/messaging.fixture.ts';
import { sendLane } from './send-lane.ts';

let f: MessagingFixture;
beforeAll(async () => {
  f = await startMessaging();
});
afterAll(() => f?.stop());

const context = () => f.h.service('messaging').context as unknown as Parameters<typeof sendLane>[0];
const never = new AbortController().signal;
const send = (channel: 'sms' | 'email', urgent: boolean, stopping = never) =>
  sendLane(context(), partsOf(context()), { channel, urgent }, stopping);
const queued = async () => {
  const [row] = await f.h.sql('messaging')<
    { count: number }[]
  >`select count(*) as count from message where state = 'queued'`;
  return row?.count;
};

describe('several senders at once', () => {
  test('share the work and send nothing twice', async () => {
    const customers = Array.from({ length: 60 }, (_, i) => `many${i}`);
    await f.know(customers);
    const ids = await f.put(...customers.map((customerId) => ({ customerId })));
    for (let round = 0; (await queued()) !== 0 && round < 20; round += 1)
      await Promise.all([send('sms', true), send('sms', true), send('sms', true)]);
    await f.h.settle();
    expect(await Promise.all(ids.map(f.taken))).toEqual(ids.map(() => 1));
    expect(await Promise.all(ids.map(f.outcome))).toEqual(ids.map(() => 'sent'));
  });

  test('two advertisements that wait for one customer: the cap lets one go, whoever is faster', async () => {
    const policy = (perDay: number) =>
      f.h.http('messaging').inject({
        ...{ method: 'PUT', url: '/v1/contact-policy' },
        payload: { quietHours: null, promotionalCap: { perDay, perWeek: 9 } },
      });
    await f.know('both');
    await policy(2);
    const ad = { customerId: 'both', purpose: 'promotional' } as const;
    const ids = await f.put({ ...ad, channel: 'sms' }, { ...ad, channel: 'email' });
    await policy(1);
    await Promise.all([send('sms', false), send('email', false)]);
    await f.h.settle();
    expect((await Promise.all(ids.map(f.outcome))).toSorted()).toEqual(['sent', 'suppressed:frequency_cap']);
  });

  test('one that stops makes no new calls; what it had claimed goes back', async () => {
    await f.know('stop');
    const [id = ''] = await f.put({ customerId: 'stop' });
    expect(await send('sms', true, AbortSignal.abort())).toBe(1);
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['queued', 0]);
    await f.h.settle();
    expect([await f.outcome(id), await f.taken(id)]).toEqual(['sent', 1]);
  });

  test('a code does not wait behind a campaign', async () => {
    await f.know('code');
    const [campaign = '', code = ''] = await f.put(
      { customerId: 'code', purpose: 'service' },
      { customerId: 'code', purpose: 'otp' },
    );
    await send('sms', true);
    expect([await f.outcome(campaign), await f.outcome(code)]).toEqual(['queued', 'sent']);
    await f.h.settle();
  });
});

test('calls are paced: each gets the slot after the one before, whichever process asks', async () => {
  const sql = f.h.sql('messaging');
  const waits = await Promise.all([1, 2, 3, 4].map(() => takeCallSlot(sql, 'email', 10_000)));
  const sorted = waits.toSorted((a, b) => a - b);
  expect(sorted[0]).toBeLessThan(1_000);
  for (let i = 1; i < sorted.length; i += 1) {
    const gap = (sorted[i] ?? 0) - (sorted[i - 1] ?? 0);
    expect(gap).toBeGreaterThan(7_000);
    expect(gap).toBeLessThan(10_001);
  }
});
