import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions, TERMS } from '../test/redemption.fixture.ts';
import { untilWaiting } from '../test/until-waiting.fixture.ts';
import { generateCodes } from '../use-cases/generate-codes.ts';

let ledger: LedgerHarness;
const { ok, earn, addPool, addReward, claim, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const upload = async (poolId: string, body: string, type = 'text/csv') =>
  (await ledger.call('POST', `/v1/coupon-pools/${poolId}/codes`, body, { 'content-type': type })).json();
const rowsOf = async (poolId: string): Promise<Record<string, unknown>[]> => {
  const { body } = await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes?format=ndjson`);
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};
const auditOf = async (poolId: string) =>
  (await ok('GET', `/v1/ledger/audit?subject=coupon-pool/${poolId}`)).changes.toReversed();

test('pools are listed page by page in the order in which they were made, each once', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await addPool());
  const listed: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await ok('GET', `/v1/coupon-pools?limit=2${cursor && `&cursor=${cursor}`}`);
    listed.push(...page.pools.map(({ poolId }: { poolId: string }) => poolId));
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  expect(listed).toEqual(ids);
});

test('all that may be changed of a pool is kept, with what it was before and who changed it', async () => {
  const poolId = await addPool({}, { usesPerCode: 3, validDays: 5 });
  ledger.clock.advance('PT1H');
  const at = ledger.clock.now().toString();
  const terms = { ...TERMS, perCustomer: 2 };
  const edited = await ok('PUT', `/v1/coupon-pools/${poolId}`, { name: 'Spring', terms, validDays: 9 });
  expect(edited).toMatchObject({ name: 'Spring', terms, validDays: 9, usesPerCode: 3, revision: 2, updatedAt: at });
  expect(edited.createdAt).not.toBe(at);
  for (const deed of ['pause', 'pause', 'resume', 'resume']) await ok('POST', `/v1/coupon-pools/${poolId}/${deed}`);
  await ok('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 2 });
  expect(await ok('GET', `/v1/coupon-pools/${poolId}`)).toMatchObject({ name: 'Spring', validDays: 9, revision: 4 });
  const [first, second] = [
    { status: 'active', name: 'Pool', terms: TERMS, validDays: 5 },
    { status: 'active', name: 'Spring', terms, validDays: 9 },
  ];
  const paused = { ...second, status: 'paused' };
  const steps = await auditOf(poolId);
  expect(steps).toMatchObject([
    { action: 'coupon_pool.created', before: null, after: { ...first, pattern: 'VAFA-####-####-##', usesPerCode: 3 } },
    { action: 'coupon_pool.edited', before: first, after: second, at },
    // Once more of the same is no change.
    { action: 'coupon_pool.paused', before: second, after: paused },
    { action: 'coupon_pool.resumed', before: paused, after: second },
    { action: 'coupon_pool.codes_ordered', before: { wanted: 0 }, after: { wanted: 2 } },
  ]);
  await ledger.settle();
});

test('a code that is drawn again is drawn anew: a pool has as many as were ordered, each with the uses of the pool', async () => {
  const body = { name: 'Tiny', terms: TERMS, pattern: 'TINY-##', usesPerCode: 3 };
  const { poolId } = await ok('POST', '/v1/coupon-pools', body);
  // All there are of the pattern: some are drawn more than once for sure. Nobody could order so many.
  await ledger.sql('ledger')`update coupon_pool set wanted = 19 where id = ${poolId}`;
  await ledger.settle();
  expect(await ok('GET', `/v1/coupon-pools/${poolId}`)).toMatchObject({ generated: 19, counts: { codes: 19 } });
  const rows = await rowsOf(poolId);
  expect(new Set(rows.map(({ code }) => code)).size).toBe(19);
  for (const row of rows) expect(row).toMatchObject({ maxUses: 3 });
});

test('pools of one pattern share what it carries, however its hyphens stand, also those that order at once', async () => {
  // It carries 852 codes.
  const pools = await Promise.all(
    ['CLUB-####-####', 'CLUB####-####', 'CLUB########', 'CLUB-########', 'CL-UB-####-####', 'CLUB-##-##-####'].map(
      async (pattern) => (await ok('POST', '/v1/coupon-pools', { name: 'Club', terms: TERMS, pattern })).poolId,
    ),
  );
  const order = (poolId: string) => ledger.call('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 400 });
  const answers = await Promise.all(pools.map(order));
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([202, 202, 422, 422, 422, 422]);
  await ledger.settle();
});

test('a pool that somebody generates for is passed by', async () => {
  const poolId = await addPool();
  await ok('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 20 });
  const sql = ledger.sql('ledger');
  await sql.begin(async (tx) => {
    expect(await generateCodes(tx, 15)).toBe(15);
    expect(await sql.begin((other) => generateCodes(other, 15))).toBe(0);
  });
  expect(await sql.begin((tx) => generateCodes(tx, 15))).toBe(5);
  expect((await ok('GET', `/v1/coupon-pools/${poolId}`)).counts.codes).toBe(20);
});

test('the file of a pool tells of each code what became of it', async () => {
  await earn(10, 'ann');
  const poolId = await addPool({}, { codes: ['FREE-1', 'HALF-1', 'HELD-1', 'TWICE-1'], usesPerCode: 2 });
  await upload(poolId, 'code,customerId\nOWN-1,ann\n');
  await redeem('half', ['HALF-1']);
  for (const orderId of ['held-1', 'held-2']) await redeem(orderId, ['HELD-1'], { holdSeconds: 60 });
  for (const orderId of ['twice-1', 'twice-2']) await redeem(orderId, ['TWICE-1']);
  const row = { customerId: null, uses: 0, maxUses: 2, expiresAt: null };
  expect(await rowsOf(poolId)).toEqual([
    { ...row, code: 'FREE-1', status: 'free' },
    { ...row, code: 'HALF-1', status: 'free', uses: 1 },
    { ...row, code: 'HELD-1', status: 'reserved' },
    { ...row, code: 'OWN-1', status: 'given', customerId: 'ann' },
    { ...row, code: 'TWICE-1', status: 'used', uses: 2 },
  ]);
  // Neither what is held nor what is used expires with the pool.
  const terms = { ...TERMS, endsAt: ledger.clock.now().toString() };
  await ok('PUT', `/v1/coupon-pools/${poolId}`, { name: 'Pool', terms });
  expect((await ok('GET', `/v1/coupon-pools/${poolId}`)).counts).toEqual({
    codes: 5,
    free: 0,
    expired: 3,
    voided: 0,
    usesReserved: 2,
    usesMade: 3,
  });
});

test('files of every make are read: a mark at the beginning, a character set, line ends of all kinds', async () => {
  const poolId = await addPool({}, { codes: [] });
  expect(await upload(poolId, '\ufeffcode\r\nMARK-1\r\n')).toMatchObject({ added: 1, refused: 0 });
  expect(await upload(poolId, 'code\nSET-1\n', 'Text/CSV; charset=utf-8')).toMatchObject({ added: 1, refused: 0 });
  expect(await upload(poolId, 'code\rOLD-1\rOLD-2\r')).toMatchObject({ added: 2, refused: 0 });
  expect(await upload(poolId, '\ufeff"LINE-1"\n', 'application/x-ndjson')).toMatchObject({ added: 1, refused: 0 });
});

test('a thousand wrong rows are told one by one, more are only counted', async () => {
  const poolId = await addPool({}, { codes: [] });
  const told = await upload(poolId, `code\n${'no\n'.repeat(1_001)}`);
  expect(told).toMatchObject({ added: 0, refused: 1_001 });
  expect(told.errors).toHaveLength(1_000);
  expect(told.errors.at(-1)).toEqual({ row: 1_001, reason: 'invalid_code' });
  expect((await auditOf(poolId)).at(-1)).toMatchObject({ after: { added: 0, known: 0, refused: 1_001 } });
});

test('a code that another claim is taking is passed by; the last one in the hands of who fails is waited for', async () => {
  await earn(20, 'bea');
  const rewardId = await addReward({ couponPoolId: await addPool({}, { codes: ['PASS-1', 'PASS-2'] }) });
  const whileTaken = async <Result>(code: string, work: () => Promise<Result>): Promise<Result> => {
    const undo = new Error('undo');
    let done: Result | undefined;
    await ledger.admin
      .begin(async (tx) => {
        await tx`update ledger.coupon set customer_id = 'somebody' where code = ${code}`;
        done = await work();
        throw undo;
      })
      .catch((error: unknown) => {
        if (error !== undo) throw error;
      });
    return done as Result;
  };
  expect((await whileTaken('PASS1', () => claim('bea', rewardId))).json()).toMatchObject({ couponCode: 'PASS-2' });
  const waiting = await whileTaken('PASS1', async () => {
    const last = claim('bea', rewardId);
    await untilWaiting(ledger);
    return { last };
  });
  expect((await waiting.last).json()).toMatchObject({ couponCode: 'PASS-1' });
});
