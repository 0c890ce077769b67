import { CustomerErased, CustomerMerged, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { createApiKey, SCOPES } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;
let second: Record<string, string>;
let third: Record<string, string>;

beforeAll(async () => {
  ledger = await startLedger({ approvalAbovePoints: 100 }, { settings: { LEDGER_ADJUSTMENT_REQUEST_TTL_HOURS: '48' } });
  const keyOf = async (name: string) => ({
    authorization: `Bearer ${(await createApiKey(ledger.admin, { name, scopes: SCOPES }, ledger.clock.now())).secret}`,
  });
  second = await keyOf('second');
  third = await keyOf('third');
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const adjust = (customerId: string, points: number, headers?: Record<string, string>) =>
  ledger.call('POST', `/v1/customers/${customerId}/adjustments`, { points, reason: 'goodwill' }, headers);
const ask = async (customerId: string, points: number): Promise<string> => {
  const answer = await adjust(customerId, points);
  expect(answer.statusCode, answer.body).toBe(202);
  return answer.json().requestId;
};
const decide = (id: string, what: string, body: unknown, headers?: Record<string, string>) =>
  ledger.call('POST', `/v1/adjustment-requests/${id}/${what}`, body, headers);
const requestOf = async (id: string) => (await ledger.call('GET', `/v1/adjustment-requests/${id}`)).json();

test('no points are no correction', async () => {
  const answer = await adjust('ann', 0);
  expect(answer.json()).toMatchObject({ status: 400, problems: [{ path: '/points', message: 'must not be 0' }] });
});

test('up to the limit it is booked at once, above it another must consent', async () => {
  expect((await adjust('ann', 100)).json()).toMatchObject({ points: 100, balance: { active: 100 } });
  const id = await ask('ann', 101);
  expect(await ledger.balance('ann')).toMatchObject({ active: 100 });
  const own = await decide(id, 'approve', {});
  expect(own.json()).toMatchObject({ status: 403, code: 'ledger.own_request' });
  expect((await decide(id, 'reject', { reason: 'mine' })).json()).toMatchObject({ code: 'ledger.own_request' });
  const approved = await decide(id, 'approve', { reason: 'seen the ticket' }, second);
  expect(approved.json()).toMatchObject({
    request: { status: 'approved', points: 101, decisionReason: 'seen the ticket' },
    balance: { active: 201 },
  });
  const { request, entryId } = approved.json();
  expect(request.decidedBy).not.toBe(request.maker);
  const [entry] = (await ledger.call('GET', '/v1/customers/ann/statement')).json().entries;
  expect(entry).toMatchObject({ entryId, points: 101, reason: 'goodwill', actor: request.maker });
  await ledger.settle();
  const told = (await ledger.events(Topics.points)).filter(({ subject }) => subject === 'ann');
  expect(told.map(({ data }) => (data as { points: number }).points)).toEqual([100, 101]);
});

test('of two who consent at once, one books; what is decided stays decided', async () => {
  const id = await ask('bob', 500);
  const answers = await Promise.all([
    decide(id, 'approve', {}, second),
    decide(id, 'approve', {}, third),
    decide(id, 'reject', { reason: 'no' }, third),
  ]);
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409]);
  const { status } = await requestOf(id);
  expect(await ledger.balance('bob')).toMatchObject({ active: status === 'approved' ? 500 : 0 });
  const closed = answers.find(({ statusCode }) => statusCode === 409);
  expect(closed?.json()).toMatchObject({ code: 'ledger.request_closed', requestStatus: status });
});

test('the database itself refuses a decision by who asked, and a second booking', async () => {
  const id = await ask('eve', 300);
  const sql = ledger.sql('ledger');
  for (const status of ['approved', 'rejected'])
    await expect(
      sql`update adjustment_request set status = ${status}, decided_at = now(), decided_by = maker,
        entry_id = case when ${status} = 'approved' then gen_random_uuid() end where id = ${id}`,
    ).rejects.toMatchObject({ constraint_name: 'adjustment_request_other_eyes' });
  await expect(
    sql`update adjustment_request set status = 'approved', decided_at = now(), decided_by = 'x' where id = ${id}`,
  ).rejects.toMatchObject({ constraint_name: 'adjustment_request_booked' });
});

test('what is there is looked at when it is booked', async () => {
  await adjust('carl', 100);
  await adjust('carl', 100);
  const id = await ask('carl', -150);
  expect((await adjust('carl', -90)).statusCode).toBe(201);
  const tooLittle = await decide(id, 'approve', {}, second);
  expect(tooLittle.json()).toMatchObject({ status: 422, code: 'ledger.insufficient_points', available: 110 });
  expect(await requestOf(id)).toMatchObject({ status: 'pending' });
  await adjust('carl', 50);
  expect((await decide(id, 'approve', {}, second)).json()).toMatchObject({ balance: { active: 10 } });
});

test('turned down, taken back, too late: nothing is booked, all of it is on record', async () => {
  const [rejected, withdrawn, late] = [await ask('dora', 101), await ask('dora', 102), await ask('dora', 103)];
  expect((await decide(rejected, 'reject', {}, second)).statusCode).toBe(400);
  expect((await decide(rejected, 'reject', { reason: 'no ticket' }, second)).json()).toMatchObject({
    status: 'rejected',
    decisionReason: 'no ticket',
  });
  expect((await decide(withdrawn, 'withdraw', undefined, second)).json()).toMatchObject({
    code: 'ledger.not_own_request',
  });
  expect((await decide(withdrawn, 'withdraw', undefined)).json()).toMatchObject({ status: 'withdrawn' });
  ledger.clock.advance({ hours: 48 });
  expect((await decide(late, 'approve', {}, second)).json()).toMatchObject({
    code: 'ledger.request_closed',
    requestStatus: 'expired',
  });
  await ledger.settle();
  expect(await requestOf(late)).toMatchObject({ status: 'expired', decidedBy: 'clock' });
  expect(await ledger.balance('dora')).toMatchObject({ active: 0 });
  const fate = async (id: string) => {
    const { changes } = (await ledger.call('GET', `/v1/ledger/audit?subject=adjustment-request/${id}`)).json();
    return changes.map(({ action }: { action: string }) => action);
  };
  expect(await fate(rejected)).toEqual(['adjustment.rejected', 'adjustment.requested']);
  expect(await fate(withdrawn)).toEqual(['adjustment.withdrawn', 'adjustment.requested']);
  expect(await fate(late)).toEqual(['adjustment.expired', 'adjustment.requested']);
});

test('open requests are listed, oldest first, page by page', async () => {
  const ids = [await ask('page', 201), await ask('page', 202), await ask('page', 203)];
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const url = `/v1/adjustment-requests?status=pending&limit=2${cursor ? `&cursor=${cursor}` : ''}`;
    const page = (await ledger.call('GET', url)).json();
    seen.push(...page.requests.map(({ requestId }: { requestId: string }) => requestId));
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen.filter((id) => ids.includes(id))).toEqual(ids);
});

test('a request whose time is up reads as expired, whether or not the sweep has been by', async () => {
  const [late, gone] = [await ask('ivy', 150), await ask('jon', 150)];
  const listed = async (status?: string): Promise<string[]> => {
    const url = `/v1/adjustment-requests?limit=200${status ? `&status=${status}` : ''}`;
    const { requests } = (await ledger.call('GET', url)).json();
    return requests.flatMap((each: { requestId: string; status: string }) =>
      each.requestId === late ? [each.status] : [],
    );
  };
  ledger.clock.advance({ hours: 47, minutes: 59 });
  expect([await listed('pending'), await listed('expired')]).toEqual([['pending'], []]);
  ledger.clock.advance({ minutes: 1 });
  const read = await requestOf(late);
  expect(read).toMatchObject({ status: 'expired', decidedBy: 'clock', decidedAt: read.expiresAt });
  expect([await listed(), await listed('pending'), await listed('expired')]).toEqual([['expired'], [], ['expired']]);
  // What time has decided is not void because the customer is erased since.
  const erased = event(
    CustomerErased,
    { id: newId(), source: '/test', time: ledger.clock.now().toString() },
    { customerId: 'jon' },
  );
  await ledger.send(erased);
  expect(await requestOf(late)).toEqual(read);
  expect([await listed(), await listed('pending'), await listed('expired')]).toEqual([['expired'], [], ['expired']]);
  expect(await requestOf(gone)).toMatchObject({ status: 'expired', decidedBy: 'clock' });
});

test('the same Idempotency-Key asks once', async () => {
  const key = { 'idempotency-key': 'ask-once' };
  const [first, again] = [await adjust('finn', 999, key), await adjust('finn', 999, key)];
  expect([first.statusCode, again.statusCode]).toEqual([202, 202]);
  expect(again.json()).toEqual(first.json());
});

test('a request goes with its customer: merged it counts for the other, erased it is void and says nothing', async () => {
  const [moved, gone] = [await ask('gail', 150), await ask('hank', 150)];
  const decided = await ask('hank', 160);
  await decide(decided, 'reject', { reason: 'hank called' }, second);
  await ledger.publish([
    event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId: 'gail', intoCustomerId: 'gwen' }),
    event(CustomerErased, { id: newId(), source: '/test', time: T0 }, { customerId: 'hank' }),
  ]);
  await ledger.settle();
  expect((await decide(moved, 'approve', {}, second)).json()).toMatchObject({
    request: { customerId: 'gwen' },
    balance: { active: 150 },
  });
  const void_ = await requestOf(gone);
  expect(void_).toMatchObject({ status: 'void' });
  expect(void_.customerId).toMatch(/^erased:/);
  expect(void_.reason).toBeUndefined();
  expect((await decide(gone, 'approve', {}, second)).json()).toMatchObject({ requestStatus: 'void' });
  const { changes } = (await ledger.call('GET', `/v1/ledger/audit?subject=adjustment-request/${gone}`)).json();
  expect(changes).toMatchObject([
    { action: 'adjustment.void', actor: 'erasure', before: { status: 'pending' }, after: { status: 'void' } },
    { action: 'adjustment.requested' },
  ]);
  const over = await requestOf(decided);
  expect(over).toMatchObject({ status: 'rejected' });
  expect(over.decisionReason).toBeUndefined();
  expect(await ledger.sql('ledger')`select 1 from adjustment_request r where r::text ~ '\\mhank\\M'`).toEqual([]);
  expect(await ledger.sql('ledger')`select 1 from audit a where a::text ~ '\\m(hank|gail)\\M'`).toEqual([]);
});
