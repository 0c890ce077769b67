import { afterAll, beforeAll, expect, test } from 'vitest';
import { interaction } from '../test/club-rules.fixture.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

/** Whoever has bought for 50 is silver, and her points live for two years in place of ten days. */
const TIERS = {
  metric: { kind: 'spend', currency: 'EUR' },
  window: { kind: 'rolling', months: 12 },
  levels: [
    {
      ...{ id: 'silver', name: { en: 'Silver', fa: 'نقره‌ای' }, threshold: 5_000 },
      benefits: { rewards: [], expiry: { kind: 'rolling', amount: 2, unit: 'years' } },
    },
  ],
  validity: { kind: 'months', amount: 12 },
  graceDays: 0,
  downgrade: 'to_earned',
  atRiskDays: 0,
};
const RULES = [
  {
    id: 'opened',
    name: 'Opened',
    order: 1,
    trigger: { on: 'interaction', interactionType: 'app.opened' },
    effect: { kind: 'fixed', points: 7 },
  },
  { id: 'sorry', name: 'Sorry', order: 2, trigger: { on: 'manual_grant' }, effect: { kind: 'fixed', points: 15 } },
];

let ledger: LedgerHarness;
const use = async (change: object): Promise<void> => {
  const expiry = { kind: 'rolling', amount: 10, unit: 'days' };
  const answer = await ledger.call('PUT', '/v1/programme', {
    ...{ ...PROGRAMME, expiresAfterDays: null, expiry, tiers: TIERS, rules: RULES },
    ...change,
  });
  expect(answer.statusCode, answer.body).toBe(200);
};
/** Years in which lots expire, by what brought them. */
const expiryYears = async (customerId: string): Promise<string[]> => {
  const { lots } = (await ledger.call('GET', `/v1/customers/${customerId}/lots?state=all`)).json();
  return lots
    .map(({ kind, remaining, expiresAt }: { kind: string; remaining: number; expiresAt: string | null }) =>
      [kind, remaining, expiresAt?.slice(0, 4)].join(' '),
    )
    .sort();
};

beforeAll(async () => {
  ledger = await startLedger();
  await use({});
  await ledger.send(purchase('ann', 'ann-1', 5_000), purchase('bob', 'bob-1', 100));
  await ledger.send(purchase('ann', 'ann-2', 1_000));
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test("what is given to somebody of a tier with an expiry of its own expires by the tier's", async () => {
  for (const customerId of ['ann', 'bob']) {
    const grant = (body: object) =>
      ledger.call('POST', `/v1/customers/${customerId}/grants`, { reason: 'late delivery', ...body });
    expect((await grant({ grantId: `${customerId}-g1`, ruleId: 'sorry' })).statusCode).toBe(201);
    expect((await grant({ grantId: `${customerId}-g2`, points: 20 })).statusCode).toBe(201);
    const adjusted = await ledger.call('POST', `/v1/customers/${customerId}/adjustments`, { points: 30, reason: 'x' });
    expect(adjusted.statusCode).toBe(201);
    await ledger.send(interaction(customerId, 'app.opened'));
  }
  expect(await expiryYears('bob')).toEqual([
    'adjust 30 2026',
    'earn 1 2026',
    'earn 15 2026',
    'earn 20 2026',
    'earn 7 2026',
  ]);
  expect(await expiryYears('ann')).toEqual([
    ...['adjust 30 2028', 'earn 10 2028', 'earn 15 2028', 'earn 20 2028'],
    // The order that made her silver was priced before she was.
    ...['earn 50 2026', 'earn 7 2028'],
  ]);
});

test('what awaited an interaction expires by the tier that the customer has then', async () => {
  await use({ activation: { kind: 'on_event', interactionType: 'order.delivered', cancelAfterDays: 30 } });
  await ledger.send(purchase('ann', 'ann-3', 300), purchase('bob', 'bob-3', 300));
  ledger.clock.advance({ hours: 1 });
  const now = ledger.clock.now().toString();
  await ledger.send(interaction('ann', 'order.delivered', now), interaction('bob', 'order.delivered', now));
  expect(await expiryYears('ann')).toContain('earn 3 2028');
  expect(await expiryYears('bob')).toContain('earn 3 2026');
});

test('a tier that is past its time gives no expiry any more, though no sweep has been by', async () => {
  const names = ['cid', 'dan', 'eve'];
  const now = (): { time: string } => ({ time: ledger.clock.now().toString() });
  await use({ activation: { kind: 'on_event', interactionType: 'order.delivered', cancelAfterDays: 30 } });
  await ledger.send(...names.map((name) => purchase(name, `${name}-1`, 5_000, now())));
  ledger.clock.advance({ hours: 360 * 24 });
  await ledger.send(...names.map((name) => purchase(name, `${name}-2`, 300, now())));
  const { tier } = (await ledger.call('GET', '/v1/customers/cid/tier')).json();
  expect(tier?.id).toBe('silver');
  ledger.clock.advance({ hours: 10 * 24 });
  const year = String(ledger.clock.now().toZonedDateTimeISO('UTC').year);

  await ledger.send(interaction('cid', 'order.delivered', now().time));
  expect(await expiryYears('cid')).toContain(`earn 3 ${year}`);
  await use({});
  const granted = await ledger.call('POST', '/v1/customers/dan/grants', { grantId: 'dan-1', points: 20, reason: 'x' });
  expect(granted.statusCode).toBe(201);
  expect(await expiryYears('dan')).toContain(`earn 20 ${year}`);
  const adjusted = await ledger.call('POST', '/v1/customers/eve/adjustments', { points: 30, reason: 'x' });
  expect(adjusted.statusCode).toBe(201);
  expect(await expiryYears('eve')).toContain(`adjust 30 ${year}`);
});

test('what is given by hand, by a rule or by another is issued in the tier that is told, though no sweep has been by', async () => {
  const names = ['fay', 'gus', 'hal', 'ida'];
  const now = (): { time: string } => ({ time: ledger.clock.now().toString() });
  const issuedIn = async (customerId: string) =>
    (
      await ledger.sql('ledger')<{ points: number; tier: string | null }[]>`
        select granted as points, tier from lot where customer_id = ${customerId} order by granted`
    ).map(({ points, tier }) => [points, tier]);
  // No tier has an expiry of its own: nothing else asks for it.
  const levels = TIERS.levels.map((level) => ({ ...level, benefits: { rewards: [] } }));
  await use({ tiers: { ...TIERS, levels }, expiry: { kind: 'none' } });
  await ledger.send(...names.map((name) => purchase(name, `${name}-1`, 5_000, now())));
  await ledger.send(...names.map((name) => purchase(name, `${name}-2`, 6_000, now())));
  await ledger.send(purchase('jon', 'jon-1', 9_000, now()));
  ledger.clock.advance({ hours: 370 * 24 });

  const post = async (url: string, body: object): Promise<void> => {
    const answer = await ledger.call('POST', `/v1/customers/${url}`, { reason: 'x', ...body });
    expect(answer.statusCode, answer.body).toBe(201);
  };
  await post('fay/adjustments', { points: 70 });
  await post('gus/grants', { grantId: 'gus-1', points: 70 });
  await post('jon/transfers', { toCustomerId: 'hal', points: 70 });
  await ledger.send(interaction('ida', 'app.opened', now().time));
  for (const name of ['fay', 'gus', 'hal'])
    expect(await issuedIn(name), name).toEqual([
      [50, null],
      [60, 'silver'],
      [70, null],
    ]);
  expect(await issuedIn('ida')).toContainEqual([7, null]);
});

test('a grant that reaches a tier is issued in the one from before, as an order is', async () => {
  const points = { ...TIERS, metric: { kind: 'points_earned' }, levels: [{ ...TIERS.levels[0], threshold: 100 }] };
  await use({ tiers: points });
  ledger.clock.advance('PT1M');
  await ledger.settle();
  await ledger.call('POST', '/v1/customers/kim/grants', { grantId: 'kim-1', points: 100, reason: 'x' });
  await ledger.call('POST', '/v1/customers/kim/grants', { grantId: 'kim-2', points: 1, reason: 'x' });
  const issued = await ledger.sql('ledger')`select granted, tier from lot where customer_id = 'kim' order by granted`;
  expect(issued.map(({ granted, tier }) => [granted, tier])).toEqual([
    [1, 'silver'],
    [100, null],
  ]);
});

test('a programme that has no tiers any more issues points in none', async () => {
  await use({});
  await ledger.send(purchase('una', 'una-1', 5_000, { time: ledger.clock.now().toString() }));
  expect((await ledger.call('GET', '/v1/customers/una/tier')).json().tier?.id).toBe('silver');
  await use({ tiers: undefined });
  await ledger.send(purchase('una', 'una-2', 900));
  const adjusted = await ledger.call('POST', '/v1/customers/una/adjustments', { points: 901, reason: 'x' });
  expect(adjusted.statusCode).toBe(201);
  const issued = await ledger.sql('ledger')`select tier from lot where customer_id = 'una' and granted in (9, 901)`;
  expect(issued.map(({ tier }) => tier)).toEqual([null, null]);
});
