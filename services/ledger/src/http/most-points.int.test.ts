import { CustomerUpdated, event } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_HELD } from '../domain/account.ts';
import { envelope } from '../test/club-rules.fixture.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const post = (url: string, body: object) => ledger.call('POST', `/v1/customers/${url}`, { reason: 'much', ...body });

test('nobody has more points than events can tell: every door refuses it and leaves nothing', async () => {
  expect((await post('rich/adjustments', { points: MAX_HELD - 1 })).statusCode).toBe(201);
  expect((await post('rich/adjustments', { points: 1 })).statusCode).toBe(201);
  expect((await post('ann/adjustments', { points: 5 })).statusCode).toBe(201);
  for (const [url, body] of [
    ['rich/adjustments', { points: 1 }],
    ['rich/grants', { grantId: 'g1', points: 1 }],
    ['ann/transfers', { toCustomerId: 'rich', points: 1 }],
  ] as const) {
    const answer = await post(url, body);
    expect([url, answer.statusCode, answer.json().code]).toEqual([url, 422, 'ledger.points_out_of_range']);
  }
  // Others of the same batch earn.
  await ledger.publish([
    purchase('rich', 'much-1', 100),
    purchase('ann', 'ann-1', 100),
    purchase('rich', 'little', 99),
  ]);
  await ledger.settle();
  const letters = await ledger.deadLetters('ledger');
  expect(letters.map(({ key, errorCode }) => [key, errorCode])).toEqual([['rich', 'ledger.points_out_of_range']]);
  expect(await ledger.balance('rich')).toMatchObject({ active: MAX_HELD, earned: 0 });
  expect(await ledger.balance('ann')).toMatchObject({ active: 6 });
  expect((await ledger.call('GET', '/v1/ledger/totals')).statusCode).toBe(200);
});

test('a birthday of somebody who has the most holds up nobody else', async () => {
  const birthday = { id: 'birthday', name: 'birthday', order: 1, trigger: { on: 'birthday' } };
  const rules = [{ ...birthday, effect: { kind: 'fixed', points: 20 } }];
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules })).statusCode).toBe(200);
  expect((await post('old/adjustments', { points: MAX_HELD })).statusCode).toBe(201);
  await ledger.publish(
    ['old', 'new'].map((customerId) =>
      event(CustomerUpdated, envelope(), { customerId, birthDate: '1990-11-22', attributes: {} }),
    ),
  );
  await ledger.settle();
  ledger.clock.advance({ hours: 24 });
  await ledger.settle();
  expect(await ledger.balance('old')).toMatchObject({ active: MAX_HELD + 20 });
  expect(await ledger.balance('new')).toMatchObject({ active: 20 });
  expect((await post('old/adjustments', { points: 1 })).statusCode).toBe(422);
});
