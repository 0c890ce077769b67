import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerMerged, redemptions } from '../test/redemption.fixture.ts';

/** Twenty wrong codes of a customer within a quarter of an hour are let pass. */
let ledger: LedgerHarness;
const { addPool, redeem, validate } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

let guessed = 0;
/** Tries so many codes that nobody has. */
const guess = async (customerId: string, count: number): Promise<void> => {
  const codes = Array.from({ length: count }, () => `GUESS${guessed++}`);
  expect((await validate(codes, { customerId })).statusCode).toBe(200);
};

test("another's codes and mistyped ones are guesses, too; one that is only sent twice is one", async () => {
  const poolId = await addPool({}, { codes: [] });
  const others = Array.from({ length: 11 }, (_, i) => `OTHERS-${i}`);
  const rows = others.map((code) => `${code},owner`).join('\n');
  const headers = { 'content-type': 'text/csv' };
  await ledger.call('POST', `/v1/coupon-pools/${poolId}/codes`, `code,customerId\n${rows}\n`, headers);
  const generated = await addPool({}, { generate: 1 });
  const { body } = await ledger.call('GET', `/v1/coupon-pools/${generated}/codes?format=ndjson`);
  const { code } = JSON.parse(body);
  const mistyped = [...'34679CFHJ'].map((last) => code.slice(0, -1) + last).filter((each) => each !== code);
  const results = async (codes: string[]) => {
    const answer = await validate(codes, { customerId: 'nosy' });
    return answer.statusCode === 200 ? answer.json().results : answer.json().code;
  };
  for (const { reason } of await results(others)) expect(reason).toBe('other_customer');
  for (const { reason } of await results(mistyped.slice(0, 7))) expect(reason).toBe('mistyped');
  expect(await results(['NOBODYS1', 'nobodys-1'])).toMatchObject([{ reason: 'not_found' }, { reason: 'duplicate' }]);
  // Nineteen so far.
  expect(await results([code])).toMatchObject([{ accepted: true }]);
  expect(await results(mistyped.slice(7, 8))).toMatchObject([{ reason: 'mistyped' }]);
  expect(await results([code])).toBe('ledger.too_many_wrong_codes');
});

test('a window begins with the first wrong code after the last one is over, and with nothing counted', async () => {
  await guess('patient', 19);
  ledger.clock.advance('PT15M');
  await guess('patient', 19);
  await ledger.settle();
  ledger.clock.advance({ seconds: 60, milliseconds: 500 });
  await guess('patient', 1);
  const refused = await validate(['GUESS1'], { customerId: 'patient' });
  // To the whole second after, so that nobody comes back too early.
  expect(refused.json()).toMatchObject({ code: 'ledger.too_many_wrong_codes', retryAfterSeconds: 840 });
  ledger.clock.advance({ seconds: 840 });
  await guess('patient', 1);
});

test('who was merged guesses as the one who lives on', async () => {
  await ledger.send(purchase('alias', 'alias-1', 100), purchase('main', 'main-1', 100));
  await ledger.send(customerMerged('alias', 'main'));
  for (let i = 0; i < 20; i++)
    expect((await redeem(`alias-${i}`, [`ALIAS${i}`], { customerId: 'alias' })).statusCode).toBe(422);
  for (const customerId of ['alias', 'main'])
    expect((await redeem('alias-20', ['ALIAS20'], { customerId })).statusCode, customerId).toBe(429);
});

test('what was counted in windows that are long over is forgotten', async () => {
  await guess('passing', 3);
  ledger.clock.advance('PT48H');
  await ledger.settle();
  expect(await ledger.sql('ledger')`select wrong from wrong_code where wrong = 3`).toHaveLength(1);
  ledger.clock.advance('PT1H');
  await ledger.settle();
  expect(await ledger.sql('ledger')`select from wrong_code`).toHaveLength(0);
});
