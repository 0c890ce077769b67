import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { monthTable } from '../domain/finance/months.ts';
import { entryMovements, firstIdAt } from '../store/finance.ts';
import { holdRecordedAt } from '../store/finance-locks.ts';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;
const VALUES = [{ currency: 'IRR', minor: 2_500, perPoints: 10 }];
const IRAN = { timeZone: 'Asia/Tehran', calendar: 'persian' as const, pointValues: VALUES, expiresAfterDays: 40 };

beforeAll(async () => {
  // 10 Mehr 1405, 11:30 in Tehran.
  ledger = await startLedger(IRAN, { now: '2026-10-02T08:00:00Z' });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const get = async (url: string) => (await ledger.call('GET', url)).json();
const now = () => ledger.clock.now().toString();
const buy = (customer: string, order: string, points: number, time = now()) =>
  ledger.publish([purchase(customer, order, points * 100, { time })]);
const spend = async (customer: string, points: number, orderId?: string) => {
  const held = await ledger.call('POST', `/v1/customers/${customer}/reservations`, { points, orderId });
  if (held.statusCode !== 201) return false;
  return (await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`)).statusCode === 200;
};

interface Month {
  month: string;
  closed: boolean;
  rows: { cohort?: string | null; points: Record<string, number> }[];
  total: { points: Record<string, number>; money: Record<string, number>[] };
}

/** The same from the entries, as one would add them up by hand: every entry once, by the month of its recording. */
const byHand = async (): Promise<Map<string, Map<string, number>>> => {
  const rows = await ledger.sql('ledger')<{ kind: string; points: number; at: string }[]>`
    select kind, ((credit in ('customer', 'pending'))::integer - (debit in ('customer', 'pending'))::integer) * amount as points,
      to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at from transfer where kind <> 'activate'`;
  const months = new Map<string, Map<string, number>>();
  for (const { kind, points, at } of rows) {
    const date = Temporal.Instant.from(at).toZonedDateTimeISO('Asia/Tehran').withCalendar('persian');
    const month = `${date.year}-${String(date.month).padStart(2, '0')}`;
    const kinds = months.get(month) ?? new Map<string, number>();
    months.set(month, kinds.set(kind, (kinds.get(kind) ?? 0) + points));
  }
  return months;
};

/** What the lots of each month of issue hold, reserved points with them, and what is owed. */
const heldByCohort = async (): Promise<Record<string, number>> => {
  const rows = await ledger.sql('ledger')<{ ms: number; points: number }[]>`
    select ('x' || left(replace(lot.id::text, '-', ''), 12))::bit(48)::bigint as ms,
      lot.remaining + lot.pending + coalesce((
        select sum(a.points - a.returned) from allocation a join reservation r on r.id = a.owner_id and r.status = 'held'
        where a.lot_id = lot.id
      ), 0)::bigint as points
    from lot`;
  const [owed] = await ledger.sql('ledger')<{ points: number }[]>`
    select coalesce(sum(deficit), 0)::bigint as points from balance`;
  const held: Record<string, number> = {};
  for (const { ms, points } of rows) {
    const date = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO('Asia/Tehran').withCalendar('persian');
    const month = `${date.year}-${String(date.month).padStart(2, '0')}`;
    if (points !== 0) held[month] = (held[month] ?? 0) + points;
  }
  if (owed && owed.points !== 0) held['owed'] = -owed.points;
  return held;
};

/** The same by the tier in which the points were earned; what is owed has none. */
const heldByTier = async (): Promise<Record<string, number>> => {
  const rows = await ledger.sql('ledger')<{ tier: string; points: number }[]>`
    select tier, sum(points)::bigint as points from (
      select coalesce(tier, 'none') as tier, remaining + pending as points from lot
      union all
      select coalesce(l.tier, 'none'), a.points - a.returned from allocation a
      join reservation r on r.id = a.owner_id and r.status = 'held' join lot l on l.id = a.lot_id
      union all
      select 'none', -deficit from balance
    ) as held group by tier having sum(points) <> 0`;
  return Object.fromEntries(rows.map(({ tier, points }) => [tier, points]));
};

/** Checks the books against the entries, the balances and the lots. */
const expectBooksToAgree = async (from: string, to: string): Promise<void> => {
  const report = await get(`/v1/finance/roll-forward?from=${from}&to=${to}&by=cohort`);
  const months: Month[] = report.months;
  const entries = await byHand();
  const sum = (month: string, ...kinds: string[]): number =>
    kinds.reduce((total, kind) => total + (entries.get(month)?.get(kind) ?? 0), 0);
  let opening = [...entries]
    .flatMap(([month, kinds]) => (month < from ? [...kinds.values()] : []))
    .reduce((a, b) => a + b, 0);
  for (const { month, total } of months) {
    const all = [...(entries.get(month)?.values() ?? [])].reduce((a, b) => a + b, 0);
    expect([month, total.points]).toEqual([
      month,
      {
        opening,
        issued: sum(month, 'earn'),
        takenBack: 0 - sum(month, 'clawback'),
        redeemed: 0 - sum(month, 'redeem', 'redeem_reversal'),
        expired: 0 - sum(month, 'expire', 'expire_reversal'),
        adjusted: sum(month, 'adjust'),
        forfeited: 0 - sum(month, 'forfeit', 'write_off'),
        moved: sum(month, 'transfer_in', 'transfer_out'),
        closing: opening + all,
      },
    ]);
    opening += all;
  }
  const last = months.at(-1);
  const [balances] = await ledger.sql('ledger')<{ held: number }[]>`
    select coalesce(sum(active + pending + reserved - deficit), 0)::bigint as held from balance`;
  expect(last?.total.points['closing']).toBe(balances?.held);
  const told = Object.fromEntries(
    (last?.rows ?? []).flatMap(({ cohort, points }) =>
      points['closing'] === 0 ? [] : [[cohort ?? 'owed', points['closing']]],
    ),
  );
  expect(told).toEqual(await heldByCohort());
  const byTier = await get(`/v1/finance/roll-forward?from=${from}&to=${to}&by=tier`);
  const tiers = (byTier.months.at(-1)?.rows ?? []) as { tier: string | null; points: Record<string, number> }[];
  expect(
    Object.fromEntries(
      tiers.flatMap(({ tier, points }) => (points['closing'] === 0 ? [] : [[tier ?? 'none', points['closing']]])),
    ),
  ).toEqual(await heldByTier());
};

describe('the roll-forward', () => {
  test('agrees with entries, balances and lots, over months, late entries, deficits, merges and erasures', async () => {
    await buy('ann', 'ann-1', 100);
    await buy('bob', 'bob-1', 50);
    await ledger.settle();
    await spend('ann', 60);
    await ledger.call('POST', '/v1/customers/bob/reservations', { points: 20, ttlSeconds: 86_400 });
    await ledger.settle();
    await expectBooksToAgree('1405-07', '1405-07');

    // Aban: a refund of spent points makes a deficit that the next credit pays off; history is imported.
    ledger.clock.set('2026-10-25T08:00:00Z');
    await ledger.publish([refund('ann', 'ann-r', { scope: 'whole', orderId: 'ann-1', time: now() })]);
    await ledger.settle();
    await expectBooksToAgree('1405-07', '1405-08');
    await buy('ann', 'ann-2', 90);
    await buy('old', 'old-1', 500, '2019-01-05T08:00:00Z');
    await buy('cat', 'cat-1', 70, '2026-10-03T08:00:00Z');
    await ledger.settle();
    await expectBooksToAgree('1405-07', '1405-08');

    // Azar: expiry, a merge, an erasure, corrections.
    ledger.clock.set('2026-11-25T08:00:00Z');
    await ledger.settle();
    await buy('dan', 'dan-1', 40);
    await ledger.call('POST', '/v1/customers/dan/adjustments', { points: -5, reason: 'mistake' });
    await ledger.publish([
      event(CustomerMerged, { id: newId(), source: '/t', time: now() }, { customerId: 'ann', intoCustomerId: 'dan' }),
    ]);
    await ledger.settle();
    await buy('eve', 'eve-1', 33);
    await ledger.settle();
    await ledger.publish([event(CustomerErased, { id: newId(), source: '/t', time: now() }, { customerId: 'eve' })]);
    await ledger.settle();
    await expectBooksToAgree('1405-07', '1405-09');
    await expectBooksToAgree('1405-09', '1405-09');
  });

  test('a closed month never changes, whatever is recorded later of that time', async () => {
    ledger.clock.set('2026-12-25T08:00:00Z');
    await ledger.settle();
    const url = '/v1/finance/roll-forward?from=1405-07&to=1405-09&by=cohort,tier,wallet';
    const before = await get(url);
    expect(before.months.map(({ closed }: Month) => closed)).toEqual([true, true, true]);
    await buy('late', 'late-1', 1_000, '2026-10-05T08:00:00Z');
    await ledger.publish([refund('bob', 'bob-r', { scope: 'whole', orderId: 'bob-1', time: '2026-10-06T08:00:00Z' })]);
    await ledger.settle();
    const after = await get(url);
    expect(after.months).toEqual(before.months);
    await expectBooksToAgree('1405-07', '1405-10');
  });

  test('in money, by the programme, and as a file', async () => {
    const { months, ...context } = await get('/v1/finance/roll-forward?from=1405-07&to=1405-10');
    expect(context).toMatchObject({ calendar: 'persian', timeZone: 'Asia/Tehran', programmeVersion: 1 });
    expect(months[0]).toMatchObject({ from: '2026-09-22T20:30:00Z', until: '2026-10-22T20:30:00Z' });
    for (const { total } of months as Month[]) {
      const { currency, ...money } = total.money[0] as Record<string, number>;
      expect(currency).toBe('IRR');
      expect(money).toEqual(
        Object.fromEntries(Object.entries(total.points).map(([name, points]) => [name, points * 250])),
      );
    }
    const csv = await ledger.call('GET', '/v1/finance/roll-forward?from=1405-07&to=1405-07&format=csv&by=cohort');
    const lines = csv.body.trimEnd().split('\r\n');
    expect(lines[0]).toBe(
      'month,closed,cohort,opening,issued,takenBack,redeemed,expired,adjusted,forfeited,moved,closing,' +
        'opening_IRR,issued_IRR,takenBack_IRR,redeemed_IRR,expired_IRR,adjusted_IRR,forfeited_IRR,moved_IRR,closing_IRR',
    );
    expect(lines[1]).toBe('1405-07,true,1405-07,0,150,0,60,0,0,0,0,90,0,37500,0,15000,0,0,0,0,22500');
  });

  test('refuses months that are none', async () => {
    for (const query of ['from=1405-13', 'from=1405-10&to=1405-09', 'to=1406-01', 'from=1300-01', 'by=colour'])
      expect([query, (await ledger.call('GET', `/v1/finance/roll-forward?${query}`)).statusCode]).toEqual([query, 400]);
  });
});

test('the liability rests on what customers hold', async () => {
  const report = await get('/v1/finance/liability');
  const [held] = await ledger.sql('ledger')<{ points: number; owed: number }[]>`
    select sum(active + pending + reserved)::bigint as points, sum(deficit)::bigint as owed from balance`;
  expect(report).toMatchObject({
    points: { outstanding: held?.points, owed: held?.owed, breakage: 0 },
    breakageRate: 0,
    estimate: { noEstimate: 'too_few_months', factors: [] },
  });
  expect(report.liabilities).toMatchObject([{ currency: 'IRR', liabilityMinor: (held?.points ?? 0) * 250 }]);
  const csv = await ledger.call('GET', '/v1/finance/liability?format=csv');
  expect(csv.body.trimEnd().split('\r\n')).toHaveLength(report.estimate.cohorts.length + 1);
});

test('the whole book as a file: every entry once, in the order of time', async () => {
  const answer = await ledger.call('GET', '/v1/finance/entries?format=ndjson');
  const rows = answer.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const [count] = await ledger.sql('ledger')<{ n: number }[]>`select count(*) as n from transfer`;
  expect(new Set(rows.map(({ entryId }) => entryId)).size).toBe(count?.n);
  expect(rows.map(({ entryId }) => entryId)).toEqual(rows.map(({ entryId }) => entryId).sort());
  const until = '2026-10-03T00:00:00Z';
  const some = await ledger.call('GET', `/v1/finance/entries?format=ndjson&from=2019-06-01T00:00:00Z&until=${until}`);
  const within = rows.filter(({ occurredAt }) => occurredAt >= '2019-06-01' && occurredAt < until);
  expect(
    some.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(within);
  expect(within.length).toBeGreaterThan(0);
  const csv = await ledger.call('GET', '/v1/finance/entries?format=csv');
  expect(csv.body.split('\r\n')).toHaveLength((count?.n ?? 0) + 2);
});

test('a writer whose time lies in a closed day is refused, and nothing of it stays', async () => {
  const at = ledger.clock.now();
  ledger.clock.set('2026-11-01T08:00:00Z');
  const answer = await ledger.call('POST', '/v1/customers/bob/adjustments', { points: 5, reason: 'too late' });
  ledger.clock.set(at);
  expect(answer.json()).toMatchObject({ status: 503, code: 'ledger.day_closed' });
  const [row] = await ledger.sql('ledger')`select count(*) as n from transfer where reason = 'too late'`;
  expect(row?.n).toBe(0);
});

test('a day is not closed while somebody still books in it', async () => {
  const sql = ledger.sql('ledger');
  const start = ledger.clock.now();
  await buy('bob', 'bob-open', 10);
  await ledger.settle();
  const closedBefore = (await get('/v1/finance/roll-forward')).closedUntil;
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  // A transaction that recorded half an hour before the end of the day and is not over.
  const open = sql.begin(async (tx) => {
    await tx`select ${holdRecordedAt(tx, Date.parse('2026-12-25T20:00:00Z'))}`;
    held.resolve();
    await release.promise;
  });
  try {
    await held.promise;
    ledger.clock.set(start.add({ hours: 48 }));
    await ledger.service('ledger').runJobs();
    expect((await get('/v1/finance/roll-forward')).closedUntil).toBe(closedBefore);
  } finally {
    release.resolve();
    await open;
  }
  await ledger.settle();
  expect((await get('/v1/finance/roll-forward')).closedUntil).toBe('2026-12-25T20:30:00Z');
});

test('what refunds give back of spent points goes to the months of issue it came from, though the spending is closed', async () => {
  const returns = { policy: 'allow_negative', spentPoints: 'proportional' };
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...IRAN, expiresAfterDays: 300, returns });
  ledger.clock.set('2027-01-25T08:00:00Z');
  await ledger.settle();
  await buy('fay', 'fay-1', 40, '2026-11-25T08:00:00Z');
  await buy('fay', 'fay-2', 40, '2026-12-25T08:00:00Z');
  await buy('fay', 'fay-3', 10);
  await ledger.settle();
  // A part of what was held is released: the order pays with points of three months of issue, the last in part.
  const held = await ledger.call('POST', '/v1/customers/fay/reservations', { points: 88, orderId: 'fay-4' });
  await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`, { points: 85 });
  await buy('fay', 'fay-4', 20);
  await ledger.settle();
  await expectBooksToAgree('1405-07', '1405-11');
  ledger.clock.set('2027-02-25T08:00:00Z');
  await ledger.settle();
  for (const [id, amountMinor] of [
    ['fay-r1', 700],
    ['fay-r2', 900],
    ['fay-r3', 400],
  ] as const) {
    await ledger.publish([refund('fay', id, { scope: 'amount', orderId: 'fay-4', amountMinor, time: now() })]);
    await ledger.settle();
    await expectBooksToAgree('1405-11', '1405-12');
    ledger.clock.advance('P2D');
    await ledger.settle();
  }
  const [row] = await ledger.sql('ledger')<{ points: number; times: number }[]>`
    select sum(amount)::bigint as points, count(*) as times from transfer where kind = 'redeem_reversal'`;
  expect(row).toEqual({ points: 85, times: 3 });
  await expectBooksToAgree('1405-12', '1405-12');
});

/** Points wait two days, what paid for a refunded order comes back in part, and there is a tier to be reached. */
const EVERYTHING = {
  ...IRAN,
  returns: { policy: 'allow_negative', spentPoints: 'proportional' },
  activation: { kind: 'after', amount: 2, unit: 'days' },
  tiers: {
    metric: { kind: 'points_earned' },
    window: { kind: 'rolling', months: 12 },
    levels: [
      { id: 'base', name: { en: 'Base', fa: 'پایه' }, threshold: 0, benefits: { rewards: [] } },
      { id: 'gold', name: { en: 'Gold', fa: 'طلایی' }, threshold: 60, benefits: { rewards: [] } },
    ],
    validity: { kind: 'while_earned' },
    graceDays: 0,
    downgrade: 'to_earned',
    atRiskDays: 0,
  },
};

const who = fc.nat(2);
const points = fc.integer({ min: 1, max: 60 });
const deed = <const Kind extends string, Fields extends object>(
  weight: number,
  kind: Kind,
  fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
) => ({ weight, arbitrary: fc.record(fields).map((drawn) => ({ kind, ...(drawn as Fields) })) });
const operation = fc.oneof(
  deed(6, 'buy', { who, points, ageDays: fc.constantFrom(0, 0, 3, 3, 20, 70) }),
  deed(4, 'refund', { which: fc.nat(3), amount: fc.integer({ min: 1, max: 4_000 }) }),
  deed(6, 'spend', { who, points, order: fc.nat(3) }),
  deed(1, 'hold', { who, points }),
  deed(1, 'adjust', { who, points: fc.integer({ min: -20, max: 20 }).filter((n) => n !== 0) }),
  deed(1, 'give', { who, to: who, points }),
  deed(3, 'wait', { days: fc.integer({ min: 1, max: 25 }) }),
  deed(1, 'merge', { who, into: who }),
  deed(1, 'erase', { who }),
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

const monthNow = (): string => {
  const date = ledger.clock.now().toZonedDateTimeISO('Asia/Tehran').withCalendar('persian');
  return `${date.year}-${String(date.month).padStart(2, '0')}`;
};

/** One random history; names of its own, so that histories share a book. */
const createHistory = (run: number) => {
  const name = (each: number): string => `r${run}-${each}`;
  const orders: [customer: string, order: string][] = [];
  const orderAt = (which: number) => orders[which % Math.max(1, orders.length)];
  const tell = (make: typeof CustomerMerged | typeof CustomerErased, data: object) =>
    ledger.publish([event(make as typeof CustomerMerged, { id: newId(), source: '/t', time: now() }, data as never)]);
  return async (op: Operation): Promise<void> => {
    switch (op.kind) {
      case 'buy': {
        const order = `r${run}-o${orders.length}`;
        orders.push([name(op.who), order]);
        const at = ledger.clock.now().subtract({ hours: 24 * op.ageDays });
        return buy(name(op.who), order, op.points, at.toString());
      }
      case 'refund': {
        const [customer, orderId] = orderAt(op.which) ?? [];
        if (!customer || !orderId) return;
        const part = { scope: 'amount', orderId, amountMinor: op.amount, time: now() } as const;
        return ledger.publish([refund(customer, newId(), part)]);
      }
      case 'spend': {
        const [, orderId] = orderAt(op.order) ?? [];
        const { active } = await ledger.balance(name(op.who));
        if (active > 0) await spend(name(op.who), Math.min(op.points, active), orderId);
        return;
      }
      case 'hold':
        await ledger.call('POST', `/v1/customers/${name(op.who)}/reservations`, {
          points: op.points,
          ttlSeconds: 86_400,
        });
        return;
      case 'adjust':
        await ledger.call('POST', `/v1/customers/${name(op.who)}/adjustments`, { points: op.points, reason: 'test' });
        return;
      case 'give':
        await ledger.call('POST', `/v1/customers/${name(op.who)}/transfers`, {
          toCustomerId: name(op.to),
          points: op.points,
          reason: 'test',
        });
        return;
      case 'wait':
        ledger.clock.advance(`P${op.days}D`);
        return;
      case 'merge':
        return tell(CustomerMerged, { customerId: name(op.who), intoCustomerId: name(op.into) });
      case 'erase':
        return tell(CustomerErased, { customerId: name(op.who) });
    }
  };
};

test('random histories: the books agree with entries, balances and lots, before and after closing', async () => {
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...EVERYTHING })).statusCode).toBe(200);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 8, maxLength: 20 }), async (operations) => {
      run += 1;
      const play = createHistory(run);
      for (const op of operations) {
        await play(op);
        await ledger.settle();
      }
      await expectBooksToAgree('1405-07', monthNow());
      ledger.clock.advance('P2D');
      await ledger.settle();
      await expectBooksToAgree('1405-07', monthNow());
    }),
    { numRuns: 8, endOnFailure: true },
  );
  await ledger.verify();
  const kinds = await ledger.sql('ledger')<{ kind: string }[]>`select distinct kind from transfer order by kind`;
  expect(kinds.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['activate', 'earn', 'redeem']));
}, 240_000);

describe('speed', () => {
  test('the open part is found by the index on the time of recording: the book is not read', async () => {
    const big = await startLedger({ ...PROGRAMME });
    try {
      await big.admin.unsafe(`
        insert into ledger.transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at)
        select ('${firstIdAt(0).slice(0, 9)}0000-0000-' || lpad(to_hex(n / 4294967296), 4, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid,
          'c' || n, 1, case when n % 20 = 0 then 'redeem' else 'earn' end,
          case when n % 20 = 0 then 'customer' else 'issued/p1' end, case when n % 20 = 0 then 'redeemed/api' else 'customer' end,
          10, 10, timestamptz '2026-01-01Z' + n * interval '1 minute', timestamptz '2026-01-01Z' + n * interval '1 minute'
        from generate_series(1::bigint, 300000::bigint) as n`);
      await big.admin.unsafe('vacuum analyze ledger.transfer');
      const zone = { calendar: 'gregorian', timeZone: 'UTC' } as const;
      const sinceMs = Date.parse('2026-07-20T00:00:00Z');
      const table = monthTable(zone, 0, sinceMs + 86_400_000);
      const statement = entryMovements(big.sql('ledger'), { sinceMs, untilMs: null }, table, table, { tiers: false });
      const plan = (await big.sql('ledger')`explain (costs off) ${statement}`)
        .map((row) => row['QUERY PLAN'])
        .join('\n');
      expect(plan).toContain('transfer_recorded');
      expect(plan).not.toContain('Seq Scan on transfer');
      expect(plan).not.toContain('Seq Scan on allocation');
    } finally {
      await big.stop();
    }
  });
});
