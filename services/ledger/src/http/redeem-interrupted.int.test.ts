import type { Sql } from '@vafa/bus';
import { present } from '@vafa/kernel';
import { createTogether } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBreaker } from '../test/breaks.fixture.ts';
import { purchase, refund } from '../test/events.fixture.ts';
import { interrupt } from '../test/interrupt.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { createLookAtAll } from '../test/look-at-all.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { createRedemptionDecider } from '../use-cases/decide-redemptions.ts';
import type { Deed } from '../use-cases/redemptions.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({
    returns: { policy: 'allow_negative', spentPoints: 'proportional' },
    pointValues: [{ currency: 'EUR', minor: 1, perPoints: 1 }],
  });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

/** Asks for several deeds in one turn, each with a key of its own, so that one transaction on the given pool decides them all. */
const createAsk = (sql: Sql) => {
  const currentRules = createCurrentRules();
  const { answer } = createTogether({
    context: { sql, clock: ledger.clock, wake: () => undefined },
    ...{ places: 1, most: 100, maxUnanswered: 100 },
    decider: createRedemptionDecider(ledger.clock, { currentRules, maxTtlSeconds: 900 }),
  });
  const ask = (deed: Deed, headers: object) => {
    const reply = { replayed: false, code: () => reply, header: () => Object.assign(reply, { replayed: true }) };
    const request = { method: 'POST', url: '/', body: deed, headers };
    return answer(request as never, reply as never, 200, { deed, caller: { actor: 'test' } }).then((result) => ({
      ...{ result, replayed: reply.replayed },
    }));
  };
  return (deeds: readonly Deed[]) =>
    Promise.allSettled(deeds.map((deed, i) => ask(deed, { 'idempotency-key': `deed-${i}` })));
};

test('broken at every statement and at the commit, a transaction of many leaves nothing; what was committed is told again', async () => {
  const sql = ledger.sql('ledger');
  await ledger.publish([
    ...['ann', 'bob', 'cid'].map((name) => purchase(name, `${name}-1`, 10_000)),
    purchase('ann', 'ann-2', 500),
    refund('ann', 'ann-refund', { orderId: 'ann-2', scope: 'whole' }),
  ]);
  await ledger.settle();
  const hold = async (url: string, payload: object): Promise<string> =>
    (await ledger.call('POST', url, payload)).json().reservationId;
  const paid = await hold('/v1/customers/ann/points-payments', { currency: 'EUR', amountMinor: 20, orderId: 'ann-2' });
  const held = await hold('/v1/customers/bob/reservations', { points: 30 });
  const kept = await hold('/v1/customers/bob/reservations', { points: 5 });
  await ledger.settle();
  const breaker = createBreaker(sql);
  const ask = createAsk(breaker.sql);
  const lookAtAll = await createLookAtAll(sql);
  const outcomes = await interrupt({
    ...{ breaker, lookAtAll },
    work: () =>
      ask([
        { kind: 'reserve', customerId: 'cid', points: 60 },
        { kind: 'reserve', customerId: 'cid', points: 60 },
        { kind: 'capture_payment', reservationId: paid, amountMinor: 15 },
        { kind: 'capture', reservationId: held },
        { kind: 'release', reservationId: held },
        { kind: 'release', reservationId: kept },
        { kind: 'pay', customerId: 'ann', currency: 'EUR', amountMinor: 7 },
      ]),
  });
  const seen = outcomes.map((each) =>
    each.status === 'fulfilled' ? [each.value.replayed, each.value.result.balance.active] : each.reason.code,
  );
  expect(seen).toEqual([
    ...[[true, 40], 'ledger.insufficient_points', [true, 100], [true, 65], 'ledger.reservation_closed', [true, 70]],
    [true, 93],
  ]);
  expect(present(outcomes[2], 'outcome')).toMatchObject({
    value: { result: { capturedPoints: 15, givenBackPoints: 15 } },
  });
  expect(await ledger.balance('cid')).toMatchObject({ active: 40, reserved: 60 });
  expect(await ledger.balance('bob')).toMatchObject({ active: 70, reserved: 0, spent: 30 });
});
