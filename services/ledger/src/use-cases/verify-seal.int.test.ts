import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { verifyLedger } from './verify.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ expiresAfterDays: 10 });
  await ledger.send(purchase('ann', 'ann-1', 5_000), purchase('bob', 'bob-1', 900), purchase('cid', 'cid-1', 700));
  await ledger.send(refund('ann', 'ann-r', { scope: 'amount', orderId: 'ann-1', amountMinor: 700 }));
  for (const points of [5, 6, 7]) {
    const held = await ledger.call('POST', '/v1/customers/ann/reservations', { points });
    await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`);
  }
  // The database rounds the time to 09:59:59.124; its id and its seal say 123 milliseconds.
  await ledger.publish([purchase('dan', 'dan-1', 400, { time: '2026-11-20T09:59:59.123999999Z' })]);
  await ledger.publish([purchase('dan', 'dan-2', 400, { time: '1968-01-01T00:00:00.5Z' })]);
  // Many at once: chains of several lanes.
  await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      ledger.call('POST', `/v1/customers/c${i}/adjustments`, { points: 3, reason: 'hello' }),
    ),
  );
  ledger.clock.advance('P11D');
  await ledger.settle();
});
afterAll(() => ledger.stop());

/** What verify says of the seal after a deed of somebody who may do everything; the deed is undone. */
const afterTampering = async (deed: string): Promise<[string, string][]> => {
  const found: [string, string][] = [];
  const undo = new Error('undo');
  await ledger.admin
    .begin(async (tx) => {
      await tx.unsafe(`set local session_replication_role = replica; set local search_path = ledger`);
      await tx.unsafe(deed);
      const within = { begin: (_: string, work: (inner: typeof tx) => unknown) => work(tx) };
      const violations = await verifyLedger(within as never);
      found.push(
        ...violations
          .filter(({ rule }) => /^(seal|sealed|entry)_/.test(rule) && rule !== 'seal_counts')
          .map(({ rule, subject }): [string, string] => [rule, subject]),
      );
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return found;
};

const idOf = async (where: string): Promise<string> => {
  const [row] = await ledger.admin.unsafe(`select id from ledger.transfer where ${where}`);
  return String(row?.['id']);
};

test('every door seals what it books; what is sound is found sound', async () => {
  expect(await verifyLedger(ledger.admin)).toEqual([]);
  const doors = await ledger.admin<{ door: string; sealed: number }[]>`
    select regexp_replace(door, '[0-9]+', '') as door, sum(length(ids) / 16)::bigint as sealed from ledger.seal group by 1 order by 1`;
  const entries = await ledger.admin<{ kind: string; n: number }[]>`
    select kind, count(*) as n from ledger.transfer group by kind order by kind`;
  expect(Object.fromEntries(entries.map(({ kind, n }) => [kind, n]))).toMatchObject({
    adjust: 12,
    clawback: 1,
    earn: 5,
    redeem: 3,
  });
  expect(doors.map(({ door }) => door)).toEqual(['api', 'clock', 'p']);
  expect(doors.reduce((sum, { sealed }) => sum + sealed, 0)).toBe(entries.reduce((sum, { n }) => sum + n, 0));
});

test('the house cannot change or remove a seal, nor unseal by emptying', async () => {
  for (const deed of ['update seal set lane = lane', 'delete from seal'])
    await expect(ledger.sql('ledger').unsafe(deed)).rejects.toThrow(/never changed or removed/);
  await expect(ledger.admin.unsafe('truncate ledger.seal')).rejects.toThrow(/never changed or removed/);
});

test.each([
  ['amount', 'amount = amount + 1'],
  ['running balance', 'balance_after = balance_after + 1'],
  ['time', "occurred_at = occurred_at - interval '1 hour'"],
  ['time of recording', "recorded_at = recorded_at + interval '2 milliseconds'"],
  ['rule', "rule_id = 'better'"],
  ['rule version', 'rule_version = 99'],
  ['order', "order_id = 'another'"],
  ['actor', "actor = 'nobody'"],
  ['house account', "debit = 'issued/p9'"],
  ['kind', "kind = 'adjust'"],
  ['number', 'seq = seq + 7'],
])('a changed %s is found and named', async (_, change) => {
  const id = await idOf("order_id = 'bob-1'");
  expect(await afterTampering(`update transfer set ${change} where id = '${id}'`)).toEqual([
    ['sealed_entry_changed', id],
  ]);
});

test('what forgetting a customer changes is not sealed', async () => {
  expect(
    await afterTampering(
      "update transfer set customer_id = 'erased:1', reason = null where customer_id = 'bob'; update balance set customer_id = 'erased:1' where customer_id = 'bob'",
    ),
  ).toEqual([]);
});

test('a removed entry is found and named', async () => {
  const id = await idOf("kind = 'redeem' and amount = 6");
  expect(await afterTampering(`delete from transfer where id = '${id}'`)).toEqual([['sealed_entry_gone', id]]);
});

test('an entry put in is found and named', async () => {
  const id = '01000000-0000-8000-8000-000000000001';
  expect(
    await afterTampering(`insert into transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at)
      values ('${id}', 'eve', 1, 'earn', 'issued/p1', 'customer', 1000000, 1000000, now(), now());
      insert into balance (customer_id, active, earned, seq) values ('eve', 1000000, 1000000, 1);
      insert into lot (id, customer_id, granted, remaining) values ('${id}', 'eve', 1000000, 1000000)`),
  ).toEqual([['entry_not_sealed', id]]);
});

test('a seal made up for it does not fit the chain', async () => {
  const id = await idOf("order_id = 'bob-1'");
  const [seal] = await ledger.admin<{ door: string; lane: number; seq: number }[]>`
    select door, lane, seq from ledger.seal where position(uuid_send(${id}::uuid) in ids) > 0`;
  const where = `door = '${seal?.door}' and lane = ${seal?.lane} and seq = ${seal?.seq}`;
  const found = await afterTampering(`update seal set hash = sha256('x') where ${where}`);
  expect(found[0]).toEqual(['seal_hash', `${seal?.door}/${seal?.lane}/${seal?.seq}`]);
});

test('an entry that two seals hold is found and named', async () => {
  const id = await idOf("order_id = 'bob-1'");
  const again = `insert into seal (door, lane, seq, prev_hash, hash, at, ids, checks)
    select 'twice', 0, 1, prev_hash, hash, at, uuid_send('${id}'), substr(checks, 1, 4) from seal where position(uuid_send('${id}') in ids) > 0`;
  expect(await afterTampering(again)).toContainEqual(['entry_sealed_twice', id]);
});

test('some of each damage is told, however much there is of another', async () => {
  const id = '01000000-0000-8000-8000-000000000001';
  const found = await afterTampering(`update transfer set actor = 'nobody';
    insert into transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at)
      values ('${id}', 'eve', 1, 'earn', 'issued/p1', 'customer', 1, 1, now(), now())`);
  expect(found.filter(([rule]) => rule === 'sealed_entry_changed')).toHaveLength(20);
  expect(found.filter(([rule]) => rule !== 'sealed_entry_changed')).toEqual([['entry_not_sealed', id]]);
});

test('a seal that is not linked to the one before it is found and named', async () => {
  const found = await afterTampering(
    "update seal set prev_hash = sha256('x') where door = 'api' and lane = 0 and seq = 2",
  );
  expect(found).toEqual([['seal_chain', 'api/0/2']]);
});

test('a seal removed from the midst of a chain leaves a gap, and its entries unsealed', async () => {
  const [seal] = await ledger.admin<{ ids: string }[]>`
    select encode(ids, 'hex') as ids from ledger.seal where door = 'api' and lane = 0 and seq = 2`;
  const hex = seal?.ids ?? '';
  expect(hex).toHaveLength(32);
  const found = await afterTampering("delete from seal where door = 'api' and lane = 0 and seq = 2");
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  expect(found).toEqual([
    ['seal_chain', 'api/0/3'],
    ['entry_not_sealed', id],
  ]);
});

test('a chain cut off at its end is found by heads that were kept elsewhere', async () => {
  const heads: Parameters<NonNullable<NonNullable<Parameters<typeof verifyLedger>[1]>['onHeads']>>[0] = [];
  await verifyLedger(ledger.admin, { onHeads: (told) => heads.push(...told) });
  const last = heads.find(({ door, lane }) => door === 'api' && lane === 0);
  expect(last?.seq).toBeGreaterThan(2);
  expect(await verifyLedger(ledger.admin, { knownHeads: heads })).toEqual([]);
  const forged = heads.map((head) => (head === last ? { ...head, seq: head.seq + 1 } : head));
  expect(await verifyLedger(ledger.admin, { knownHeads: forged })).toMatchObject([
    { rule: 'seal_cut', subject: `api/0/${(last?.seq ?? 0) + 1}` },
  ]);
});

test('transactions at the same time seal in lanes of their own and never wait', async () => {
  const before = await ledger.admin<{ lane: number }[]>`select distinct lane from ledger.seal where door = 'api'`;
  expect(before.length).toBeGreaterThan(1);
});

test('who finds every lane taken is told to come again, and nothing of it stays', async () => {
  const answer = await ledger.sql('ledger').begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('vafa.ledger.seal/api/' || lane, 0))
      from generate_series(0, 255) as lane`;
    return ledger.call('POST', '/v1/customers/late/adjustments', { points: 3, reason: 'hello' });
  });
  expect(answer.json()).toMatchObject({ status: 503, code: 'ledger.too_busy' });
  expect(await ledger.balance('late')).toMatchObject({ active: 0 });
});
