import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerMerged, redemptions, TERMS } from '../test/redemption.fixture.ts';
import { untilWaiting, whileLocked } from '../test/until-waiting.fixture.ts';

let ledger: LedgerHarness;
const { ok, earn, addPool, addReward, claim, redeem, validate } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const codesOf = async (poolId: string): Promise<string[]> => {
  const { body } = await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes?format=ndjson`);
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).code as string);
};
const upload = (poolId: string, body: string, type = 'text/csv') =>
  ledger.call('POST', `/v1/coupon-pools/${poolId}/codes`, body, { 'content-type': type });

test('a known code that is sent with other values is told and stays as it is', async () => {
  const poolId = await addPool({}, { codes: [] });
  const [YEAR, LATER] = ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z'];
  await upload(poolId, `code,customerId,expiresAt\nOWN-1,ann,${YEAR}\nOWN-2,,\nOWN-3,+98912,\nOWN-4,dan,\n`);
  const before = (await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes`)).body;
  const rows = [`OWN1,bob,`, `OWN2,bob,`, `OWN3,,${LATER}`, `OWN4,dan,`, `NEW-1,bob,`];
  const told = { reason: 'known_with_other_values' };
  expect((await upload(poolId, `code,customerId,expiresAt\n${rows.join('\n')}\n`)).json()).toEqual({
    ...{ added: 1, known: 1, refused: 3 },
    errors: [2, 3, 4].map((row) => ({ row, ...told })),
  });
  const later = await upload(poolId, `code,expiresAt\nOWN1,${LATER}\nOWN2,\n`);
  expect(later.json()).toEqual({ added: 0, known: 1, refused: 1, errors: [{ row: 2, ...told }] });
  // The same instant, written otherwise; what a row leaves out it says nothing of.
  const same = await upload(poolId, 'code,expiresAt\nOWN1,2027-01-01T03:30:00+03:30\nOWN4,\n');
  expect(same.json()).toMatchObject({ known: 2, refused: 0 });
  await upload(poolId, before);
  const after = (await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes`)).body;
  expect(after.split('\r\n').filter((line) => !line.startsWith('NEW'))).toEqual(before.split('\r\n'));
  expect((await upload(poolId, before)).json()).toMatchObject({ known: 4, refused: 0 });
  await ledger.send(purchase('dan', 'dan-1', 100), purchase('eva', 'eva-1', 100));
  await ledger.send(customerMerged('dan', 'eva'));
  expect((await upload(poolId, 'code,customerId\nOWN4,dan\nOWN-4,eva\n')).json()).toMatchObject({
    known: 1,
    errors: [{ row: 3, reason: 'duplicate' }],
  });
  expect((await upload(poolId, 'code,customerId\nOWN4,eva\n')).json()).toMatchObject({ known: 1, refused: 0 });
});

test('a code that is uploaded for one who was merged is that of the one who lives on', async () => {
  const poolId = await addPool({}, { codes: [] });
  await ledger.send(purchase('mo', 'mo-1', 100), purchase('max', 'max-1', 100), purchase('moritz', 'moritz-1', 100));
  await ledger.send(customerMerged('mo', 'max'));
  expect((await upload(poolId, 'code,customerId\nMERGED-1,mo\n')).json()).toMatchObject({ added: 1, refused: 0 });
  expect(await ok('GET', '/v1/coupons/MERGED-1')).toMatchObject({ customerId: 'max' });
  expect((await redeem('merged-1', ['MERGED-1'], { customerId: 'mo' })).json()).toMatchObject({ customerId: 'max' });

  // The upload has found whose the code is, and waits for somebody else's; the merger waits for the upload.
  const lock = `insert into ledger.coupon (code, pool_id, max_uses) values ('MERGED2', '${poolId}', 1)`;
  await whileLocked(ledger, lock, async () => {
    const uploading = upload(poolId, 'code,customerId\nMERGED-2,mo\n');
    await untilWaiting(ledger);
    const merging = ledger.send(customerMerged('max', 'moritz'));
    await Promise.race([merging, untilWaiting(ledger, 2)]);
    return [uploading, merging] as const;
  });
  expect(await ok('GET', '/v1/coupons/MERGED-2')).toMatchObject({ customerId: 'moritz' });
});

test('an uploaded code that a reward gave is known still, and not for anybody else', async () => {
  const poolId = await addPool({}, { codes: ['GIVE-1,2027-01-01T00:00:00Z'], validDays: 7 });
  await earn(10, 'ria');
  const rewardId = await addReward({ couponPoolId: poolId });
  expect((await claim('ria', rewardId)).statusCode).toBe(201);
  const sendAgain = async (row: string) => (await upload(poolId, `code,customerId,expiresAt\n${row}\n`)).json();
  expect(await sendAgain('GIVE-1,,2027-01-01T00:00:00Z')).toMatchObject({ known: 1, refused: 0 });
  expect(await sendAgain('GIVE-1,ria,')).toMatchObject({ known: 1, refused: 0 });
  for (const row of ['GIVE-1,bob,', 'GIVE-1,,2026-11-22T00:00:00Z'])
    expect(await sendAgain(row), row).toMatchObject({
      known: 0,
      errors: [{ row: 2, reason: 'known_with_other_values' }],
    });
});

test('codes are generated after the request, unlike each other, and exported', async () => {
  const poolId = await addPool();
  const answer = await ledger.call('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 12_000 });
  expect(answer.statusCode).toBe(202);
  expect(answer.json()).toMatchObject({ wanted: 12_000, generated: 0 });
  await ledger.settle();
  const counts = { codes: 12_000, free: 12_000, expired: 0, voided: 0, usesReserved: 0, usesMade: 0 };
  expect(await ok('GET', `/v1/coupon-pools/${poolId}`)).toMatchObject({ wanted: 12_000, generated: 12_000, counts });
  const codes = await codesOf(poolId);
  expect(new Set(codes).size).toBe(12_000);
  for (const code of codes)
    expect(code).toMatch(/^VAFA-[34679CFHJKMNPRTVWXY]{4}-[34679CFHJKMNPRTVWXY]{4}-[34679CFHJKMNPRTVWXY]{2}$/);
  // Each character comes about as often as any other: 19 of 120,000 drawn; more than 5 % off is no accident.
  const seen = Map.groupBy(
    codes.flatMap((code) => [...code.slice(5, 14).replace('-', '')]),
    (character) => character,
  );
  expect(seen.size).toBe(19);
  for (const all of seen.values()) expect(Math.abs(all.length / (96_000 / 19) - 1)).toBeLessThan(0.08);
  const csv = await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes`);
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(csv.body.split('\r\n').slice(0, 2)).toEqual([
    'code,status,customerId,uses,maxUses,expiresAt',
    `${codes[0]},free,,0,1,`,
  ]);
});

test('a job that is stopped goes on where it was, and draws anew what is there already', async () => {
  const poolId = await addPool();
  await ok('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 300 });
  await ledger.sql('ledger')`update coupon_pool set generated = 0 where id = ${poolId}`;
  await ledger.restart('ledger');
  await ok('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 50 });
  await ledger.settle();
  expect(await ok('GET', `/v1/coupon-pools/${poolId}`)).toMatchObject({ generated: 350, counts: { codes: 350 } });
});

test('a pool whose codes could be guessed is refused, and so are too many and those of an uploaded pool', async () => {
  const body = { name: 'Short', terms: TERMS, validDays: null, usesPerCode: 1 };
  const { poolId } = await ok('POST', '/v1/coupon-pools', { ...body, pattern: 'VAFA-####-####' });
  const generate = (codes: number, id = poolId) => ledger.call('POST', `/v1/coupon-pools/${id}/generate`, { codes });
  expect((await generate(853)).json()).toMatchObject({
    status: 422,
    code: 'ledger.codes_guessable',
    capacity: 852,
    requested: 853,
    placesNeeded: 9,
  });
  await generate(800);
  expect((await generate(53)).json()).toMatchObject({ code: 'ledger.codes_guessable', requested: 853 });
  // Pools of one pattern share its room.
  const twin = await ok('POST', '/v1/coupon-pools', { ...body, pattern: 'VAFA-####-####' });
  expect((await generate(53, twin.poolId)).json()).toMatchObject({ code: 'ledger.codes_guessable', requested: 853 });
  expect((await generate(52, twin.poolId)).statusCode).toBe(202);
  const long = await ok('POST', '/v1/coupon-pools', { ...body, pattern: '######-######-####' });
  await generate(9_999_999, long.poolId);
  await ledger.sql('ledger')`update coupon_pool set wanted = 0 where id = ${long.poolId}`;
  await ledger.sql('ledger')`update coupon_pool set wanted = 9999999, generated = 9999999 where id = ${long.poolId}`;
  expect((await generate(2, long.poolId)).json()).toMatchObject({
    code: 'ledger.too_many_codes',
    capacity: 10_000_000,
  });
  await ledger.sql('ledger')`update coupon_pool set wanted = 0, generated = 0 where id = ${long.poolId}`;
  expect((await generate(1, await addPool({}, { codes: [] }))).json().code).toBe('ledger.coupon_pool_uploaded');
  for (const pattern of ['VAFA', 'VAFA-#X', 'vafa-####', '#'.repeat(19)])
    expect((await ledger.call('POST', '/v1/coupon-pools', { ...body, pattern })).json(), pattern).toMatchObject({
      status: 400,
      code: 'ledger.invalid_code_pattern',
      problems: [{ path: '/pattern' }],
    });
  await ledger.settle();
});

test('codes are uploaded as CSV or NDJSON; wrong rows are told and keep nobody out; again changes nothing', async () => {
  await addPool({}, { codes: ['TAKEN-1'] });
  const poolId = await addPool({}, { codes: [] });
  const csv =
    'code,customerId,expiresAt\r\nSummer-10,,\r\n"summer 20",ann,2027-01-01T00:00:00Z\r\nno,,\r\nTAKEN1,,\r\nSUMMER10,,\r\nX"Y,,\r\nFINE-1,,soon\r\n';
  expect((await upload(poolId, csv)).json()).toEqual({
    added: 2,
    known: 0,
    refused: 5,
    errors: [
      { row: 4, reason: 'invalid_code' },
      { row: 5, reason: 'taken' },
      { row: 6, reason: 'duplicate' },
      { row: 7, reason: 'unreadable' },
      { row: 8, reason: 'invalid_instant' },
    ],
  });
  expect((await upload(poolId, csv)).json()).toMatchObject({ added: 0, known: 2, refused: 5 });
  const ndjson = '{"code":"winter-1"}\n"WINTER2"\n\n{"code":5}\nnot json\n[]\n';
  expect((await upload(poolId, ndjson, 'application/x-ndjson')).json()).toEqual({
    added: 2,
    known: 0,
    refused: 3,
    errors: [
      { row: 4, reason: 'invalid_code' },
      { row: 5, reason: 'unreadable' },
      { row: 6, reason: 'unreadable' },
    ],
  });
  expect(await codesOf(poolId)).toEqual(['Summer-10', 'SUMMER20', 'winter-1', 'WINTER2']);
  expect(await ok('GET', '/v1/coupons/summer%E2%80%9320')).toMatchObject({
    customerId: 'ann',
    expiresAt: '2027-01-01T00:00:00Z',
  });
  // An export is an upload.
  const exported = (await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes`)).body;
  expect((await upload(poolId, exported)).json()).toMatchObject({ added: 0, known: 4, refused: 0 });
  expect((await upload(poolId, 'kode\nA1234\n')).json()).toMatchObject({ status: 400, code: 'ledger.invalid_upload' });
  expect((await upload(poolId, 'code,colour\nA1234,red\n')).json().code).toBe('ledger.invalid_upload');
  expect((await upload(poolId, '{"code":"A1234"}', 'application/json')).statusCode).toBe(400);
  expect((await upload(await addPool(), 'code\nA1234\n')).json().code).toBe('ledger.coupon_pool_generated');
  expect((await upload('01890000-0000-7000-8000-000000000000', 'code\nA1234\n')).json().code).toBe(
    'ledger.coupon_pool_not_found',
  );
  const many = `code\n${Array.from({ length: 50_001 }, (_, i) => `MANY${i}`).join('\n')}`;
  expect((await upload(poolId, many)).json().code).toBe('ledger.too_many_rows');
});

test('a stray quote costs its own row alone', async () => {
  const codes = Array.from({ length: 1_000 }, (_, i) => `STRAY-${i}`);
  const lines = ['code', ...codes];
  lines[10] = `"${lines[10]}`;
  const body = `${lines.join('\r\n')}\r\n`;
  const poolId = await addPool({}, { codes: [] });
  expect((await upload(poolId, body)).json()).toEqual({
    added: 999,
    known: 0,
    refused: 1,
    errors: [{ row: 11, reason: 'unreadable' }],
  });
  // Two of them don't take the rows between along.
  lines[20] = `"${lines[20]}`;
  expect((await upload(poolId, lines.join('\n'))).json()).toMatchObject({
    known: 998,
    errors: [
      { row: 11, reason: 'unreadable' },
      { row: 21, reason: 'unreadable' },
    ],
  });
  // A cell that no column is of would shift those that are.
  expect((await upload(poolId, 'code\nSTRAY-1,\nSTRAY-2,ann\n')).json()).toMatchObject({
    known: 1,
    errors: [{ row: 3, reason: 'unreadable' }],
  });
});

test('columns and fields that are none are told by name, and so are the types that may be sent', async () => {
  const poolId = await addPool({}, { codes: [] });
  const message = async (body: string, type?: string): Promise<string> => {
    const answer = await upload(poolId, body, type);
    expect(answer.json()).toMatchObject({ status: 400, code: 'ledger.invalid_upload' });
    return answer.json().detail;
  };
  expect(await message('code,colour\nA1234,red\n')).toBe('the column "colour" is none of code, customerId, expiresAt');
  expect(await message('code,customerId,code\nA1234,,B1234\n')).toBe('the column "code" is there twice');
  expect(await message('"code\nA1234\n')).toBe('the first line must name the columns, one of them code');
  expect(await message('\n')).toBe('the first line must name the columns, one of them code');
  const ndjson = '{"code":"NAMED-1","expires":"2027-01-01T00:00:00Z"}\n{"code":"NAMED-2","status":"free"}\n';
  expect((await upload(poolId, ndjson, 'application/x-ndjson')).json()).toMatchObject({
    added: 1,
    errors: [{ row: 1, reason: 'unknown_field' }],
  });
  for (const [body, type] of [
    ['code\nA1234\n', 'text/plain'],
    ['{"code":"A1234"}', 'application/json'],
    ['{"code":', 'application/json'],
    ['<code/>', 'application/xml'],
  ] as const)
    expect(await message(body, type)).toBe('send text/csv or application/x-ndjson');
});

test('codes are accepted as people type them', async () => {
  await addPool({}, { codes: ['NOWRUZ-1406'], usesPerCode: 100 });
  for (const typed of ['nowruz-1406', ' NOWRUZ 1406 ', 'NOWRUZ۱۴۰۶', 'nowruz–١٤٠٦'])
    expect((await validate([typed])).json().results, typed).toEqual([
      { code: 'NOWRUZ1406', accepted: true, discountMinor: 100, applied: 1 },
    ]);
  const [code = ''] = await codesOf(await addPool({}, { generate: 1 }));
  const at = code.length - 1;
  const mistyped = code.slice(0, at) + (code[at] === '3' ? '4' : '3');
  expect((await validate([mistyped])).json().results[0].reason).toBe('mistyped');
  expect((await validate(['NOWRUZ-1405'])).json().results[0].reason).toBe('not_found');
});

test('who guesses is stopped, with right codes too, until the window is over; others are not', async () => {
  const own = ['OWNCODE'];
  await addPool({}, { codes: own });
  const guess = (from: number, count: number, more: object = {}) =>
    validate(
      Array.from({ length: count }, (_, i) => `GUESS${from + i}`),
      more,
    );
  expect((await guess(0, 19, { customerId: 'guesser' })).statusCode).toBe(200);
  const redeemed = await redeem('guessed-1', ['GUESS99'], { customerId: 'guesser' });
  expect(redeemed.json()).toMatchObject({ code: 'ledger.coupons_rejected' });
  ledger.clock.advance({ seconds: 60 });
  for (const answer of [
    await validate(own, { customerId: 'guesser' }),
    await redeem('guessed-2', own, { customerId: 'guesser' }),
  ]) {
    expect(answer.statusCode).toBe(429);
    expect(answer.headers['retry-after']).toBe('840');
    expect(answer.json()).toMatchObject({ code: 'ledger.too_many_wrong_codes', retryAfterSeconds: 840 });
  }
  expect((await validate(own, { customerId: 'somebody-else' })).json().results).toMatchObject([{ accepted: true }]);
  expect((await validate(own)).json().results).toMatchObject([{ accepted: true }]);
  // Carts without a customer are counted together, and stop no customer.
  for (let i = 0; i < 10; i++) expect((await guess(i * 30, 30)).statusCode).toBe(200);
  expect((await validate(own)).statusCode).toBe(429);
  expect((await redeem('guessed-3', own)).statusCode).toBe(429);
  expect((await validate(own, { customerId: 'somebody-else' })).statusCode).toBe(200);
  ledger.clock.advance({ seconds: 840 });
  expect((await redeem('guessed-2', own, { customerId: 'guesser' })).statusCode).toBe(201);
  ledger.clock.advance({ seconds: 60 });
  expect((await validate(own)).statusCode).toBe(200);
});

test('guesses at the same moment are told of no more than the limit lets pass', async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => validate([`ATONCE${i}`], { customerId: 'hasty' })),
  );
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(20);
  expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(40);
});
