import { discardDeadLetters, listDeadLetters, notReady, on, retryDeadLetters } from '@vafa/bus';
import { expect } from 'vitest';
import { HEARD, type Purchase, purchase, recordEffects, TOPIC } from '../shop-events.ts';
import type { Stage, StagedTest } from '../stage.ts';
import { byCustomer } from './order.ts';

/** A handler whose orders `…-1` wait until they are let through. */
const createPatient = () => {
  const state = { ready: false };
  const handler = async (...[tx, events, context]: Parameters<typeof recordEffects>) => {
    const waits = ({ data }: Purchase): boolean =>
      !state.ready && data.orderId.startsWith('w') && data.orderId.endsWith('-1');
    await recordEffects(
      tx,
      events.filter((event) => !waits(event)),
      context,
    );
    return {
      notReady: events
        .filter(waits)
        .map((event) => ({ event, error: notReady('shop.not_yet', 'its till is not known yet') })),
    };
  };
  return { state, handler };
};

const waiting = async (stage: Stage): Promise<string[]> => {
  const rows = await listDeadLetters(stage.sql, { status: 'waiting' });
  return rows
    .filter(({ grp }) => grp === stage.group)
    .map(({ eventId, errorCode }) => `${eventId} ${errorCode}`)
    .sort();
};

/** Lets time pass until nothing is settled any more. */
const sweep = async (stage: Stage, retry: () => Promise<number>): Promise<number> => {
  let settled = 0;
  for (let i = 0; i < 3; i++) {
    stage.clock.advance({ seconds: 40 });
    settled += await retry();
  }
  return settled;
};

export const waitingContract = (staged: StagedTest): void => {
  staged(
    'an event that is not ready waits, later ones of its customer behind it, and all are handled in order',
    async (stage) => {
      const { state, handler } = createPatient();
      const consumer = await stage.start(handler);
      // In one batch: w1-2 must not overtake w1-1. Others go on.
      await stage.publish([purchase('w1', 0), purchase('w1', 1), purchase('w1', 2), purchase('other', 0)]);
      await stage.untilHandled();
      // In a later batch.
      await stage.publish([purchase('w1', 3), purchase('other', 1), purchase('w1', 4)]);
      await stage.untilHandled();
      expect(byCustomer(await stage.effects())).toEqual({ w1: ['w1-0'], other: ['other-0', 'other-1'] });
      expect(await waiting(stage)).toEqual([
        'e-w1-1 shop.not_yet',
        'e-w1-2 bus.behind',
        'e-w1-3 bus.behind',
        'e-w1-4 bus.behind',
      ]);

      expect(await sweep(stage, consumer.retryWaiting)).toBe(0);
      state.ready = true;
      expect(await sweep(stage, consumer.retryWaiting)).toBe(4);
      expect(byCustomer(await stage.effects()).w1).toEqual(['w1-0', 'w1-1', 'w1-2', 'w1-3', 'w1-4']);
      expect(await waiting(stage)).toEqual([]);
      await stage.publish([purchase('w1', 5)]);
      await stage.untilHandled();
      expect(byCustomer(await stage.effects()).w1).toHaveLength(6);
    },
  );

  staged('a waiting event is not tried before its time, and those behind it never before it', async (stage) => {
    const { handler } = createPatient();
    let tries = 0;
    const consumer = await stage.start(async (tx, events, context) => {
      tries += 1;
      return handler(tx, events, context);
    });
    await stage.publish([purchase('w1', 1), purchase('w1', 2), purchase('w1', 3)]);
    await stage.untilHandled();
    tries = 0;
    expect(await consumer.retryWaiting()).toBe(0);
    expect(tries).toBe(0);
    stage.clock.advance({ milliseconds: 500 });
    await consumer.retryWaiting();
    await consumer.retryWaiting();
    expect(tries).toBe(1);
  });

  staged('where order does not matter nobody waits for another', async (stage) => {
    const { state, handler } = createPatient();
    const subscriptions = [on(TOPIC, { ...HEARD, order: 'none' }, handler)];
    const consumer = await stage.start(handler, { subscriptions });
    await stage.publish([purchase('w1', 1), purchase('w1', 2), purchase('w1', 3)]);
    await stage.untilHandled();
    expect(await stage.effects()).toEqual(['w1-2', 'w1-3']);
    state.ready = true;
    expect(await sweep(stage, consumer.retryWaiting)).toBe(1);
    expect(await stage.effects()).toEqual(['w1-2', 'w1-3', 'w1-1']);
  });

  staged('after its patience is over an event is parked, and those behind it go on', async (stage) => {
    const { handler } = createPatient();
    const consumer = await stage.start(handler, { patienceMs: 60_000 });
    await stage.publish([purchase('w1', 1), purchase('w1', 2)]);
    await stage.untilHandled();
    stage.clock.advance({ minutes: 2 });
    expect(await consumer.retryWaiting()).toBe(2);
    expect(await stage.effects()).toEqual(['w1-2']);
    const [parked] = await listDeadLetters(stage.sql, { code: 'shop.not_yet' });
    expect(parked).toMatchObject({
      status: 'parked',
      attempts: 2,
      errorMessage: 'its till is not known yet (gave up waiting)',
    });
  });

  staged('an operator hands a parked event back, or gives a waiting one up', async (stage) => {
    const { state, handler } = createPatient();
    const consumer = await stage.start(handler, { patienceMs: 60_000 });
    await stage.publish([purchase('w1', 1), purchase('w2', 1), purchase('w2', 2)]);
    await stage.untilHandled();
    const idOf = async (eventId: string): Promise<number> =>
      (await listDeadLetters(stage.sql, {})).find((letter) => letter.grp === stage.group && letter.eventId === eventId)
        ?.id ?? 0;
    expect(await discardDeadLetters(stage.sql, [await idOf('e-w2-1')])).toBe(1);
    stage.clock.advance({ minutes: 2 });
    expect(await consumer.retryWaiting()).toBe(2);
    expect(await stage.effects()).toEqual(['w2-2']);
    state.ready = true;
    expect(await retryDeadLetters(stage.sql, [await idOf('e-w1-1'), await idOf('e-w2-1')])).toBe(1);
    expect(await consumer.retryWaiting()).toBe(1);
    expect(await stage.effects()).toEqual(['w2-2', 'w1-1']);
  });

  staged(
    'a waiting event whose handling throws is tried a few times and then parked; the others go on',
    async (stage) => {
      const { state, handler } = createPatient();
      const consumer = await stage.start(async (tx, events, context) => {
        if (state.ready && events.some(({ data }) => data.orderId === 'w1-1')) throw new TypeError('a bug');
        return handler(tx, events, context);
      });
      await stage.publish([purchase('w1', 1), purchase('w1', 2), purchase('w2', 1)]);
      await stage.untilHandled();
      state.ready = true;
      expect(await sweep(stage, consumer.retryWaiting)).toBe(3);
      expect(byCustomer(await stage.effects())).toEqual({ w1: ['w1-2'], w2: ['w2-1'] });
      const [parked] = await listDeadLetters(stage.sql, { status: 'parked', code: 'internal' });
      expect(parked).toMatchObject({ grp: stage.group, eventId: 'e-w1-1', attempts: 4 });
    },
  );
};
