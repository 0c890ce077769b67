import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reminders } from '../src/index.ts';
import { asked, at, counts, define, EXPIRING, expiringSoon, NOW, publish, requests, timers, zone } from './given.ts';

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [reminders], now: NOW });
});
afterEach(() => h.stop());

const END = '2026-11-28T00:00:00Z';

describe('a reminder of expiring points', () => {
  it('comes at once, once per lot, and names the points', async () => {
    await define(h, EXPIRING);
    const told = expiringSoon('c1', 'lot-1', END);
    await publish(h, [told, told, expiringSoon('c1', 'lot-2', END)]);
    await publish(h, [told]);
    expect(await asked(h)).toEqual(['c1 lot-1', 'c1 lot-2']);
    expect((await requests(h))[0]?.data).toMatchObject({
      params: { customerId: 'c1', lotId: 'lot-1', points: 120, expiresAt: END },
      expiresAt: '2026-11-22T08:00:00Z',
      cause: { kind: 'reminder', id: 'expiring' },
    });
  });

  it('comes at the time of day where the customer is, if that is before the end', async () => {
    await define(h, { ...EXPIRING, timeOfDay: '10:00' });
    await publish(h, [zone('berlin', 'Europe/Berlin')]);
    // 11:30 in Tehran, 09:00 in Berlin.
    await publish(h, [
      expiringSoon('berlin', 'b', END),
      expiringSoon('tehran', 't', END),
      expiringSoon('hurry', 'h', '2026-11-22T06:30:00Z'),
    ]);
    expect(await asked(h)).toEqual(['hurry h']);
    await at(h, '2026-11-21T09:00:00Z');
    expect(await asked(h)).toEqual(['berlin b', 'hurry h']);
    await at(h, '2026-11-22T06:30:00Z');
    expect(await asked(h)).toEqual(['berlin b', 'hurry h', 'tehran t']);
  });

  it('is not sent once the points are gone, and the message may not be either', async () => {
    await define(h, { ...EXPIRING, timeOfDay: '10:00', timeToLive: 'P3D' });
    await publish(h, [
      expiringSoon('c1', 'lot-1', '2026-11-22T09:00:00Z'),
      expiringSoon('c2', 'over', '2026-11-21T07:00:00Z', '2026-11-20T00:00:00Z'),
    ]);
    await at(h, '2026-11-22T06:30:00Z');
    expect((await requests(h)).map(({ data }) => data.expiresAt)).toEqual(['2026-11-22T09:00:00Z']);
    await publish(h, [expiringSoon('c3', 'lot-3', '2026-11-23T07:00:00Z', '2026-11-22T06:35:00Z')]);
    await at(h, '2026-11-23T07:00:00Z');
    expect(await timers(h, 'c3')).toEqual(['lot-3 expired pointless']);
    expect(await counts(h, 'expiring')).toEqual({
      created: 2,
      waiting: 0,
      fired: 1,
      cancelled: {},
      expired: { past: 1, pointless: 1 },
    });
  });

  it('stays before the end of the points when the customer moves', async () => {
    await define(h, { ...EXPIRING, timeOfDay: '10:00' });
    await publish(h, [expiringSoon('c1', 'lot-1', '2026-11-22T06:35:00Z')]);
    // 10:00 in New York would be after the points are gone.
    await publish(h, [zone('c1', 'America/New_York')]);
    await at(h, '2026-11-22T06:30:00Z');
    expect(await asked(h)).toEqual(['c1 lot-1']);
  });
});
