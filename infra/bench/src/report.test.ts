import { expect, it } from 'vitest';
import type { BusFigures, Figures, LedgerAlone } from './figures.ts';
import { goalsOf } from './goals.ts';
import { intoPage, render } from './report.ts';

const PAGE = 'before\n<!-- begin: npm run bench -->\nold\n<!-- end: npm run bench -->\nafter\n';
const FACTS = { command: 'npm run bench', machine: 'a machine', date: '2026-11-22' };

const footprint = {
  eventsPerSecond: 100_000,
  rowsPerEvent: { purchase: 1, transfer: 1, lot: 1, outbox: 1 },
};
const alone: LedgerAlone = {
  path: {
    ...{ customers: 100_000, microsToMake: 0.5, footprint },
    batch: { size: 1_000, workers: 2, perSecond: 40_000, p99Ms: 60, seconds: 120 },
    single: { connections: 8, perSecond: 1_500, withHouseRow: 2_500 },
    small: { perSecond: 45_000, seconds: 10 },
    redeeming: { perSecond: 30_000, redemptions: 45_000, seconds: 30, batchP99Ms: 80, redemptionP99Ms: 20 },
    open: [
      { offeredPerSecond: 5_000, handledPerSecond: 5_000, meanBatch: 10, p50Ms: 2, p99Ms: 9 },
      { offeredPerSecond: 20_000, handledPerSecond: 15_000, meanBatch: 100, p50Ms: 20, p99Ms: 40 },
    ],
    shares: [
      { share: 0.055, offeredPerSecond: 5_495, handledPerSecond: 5_495, meanBatch: 10, p50Ms: 2, p99Ms: 11 },
      { share: 0.22, offeredPerSecond: 21_978, handledPerSecond: 21_978, meanBatch: 100, p50Ms: 20, p99Ms: 40 },
    ],
  },
  tuned: {
    open: [
      { offeredPerSecond: 5_000, handledPerSecond: 5_000, meanBatch: 2, p50Ms: 2, p99Ms: 11 },
      { offeredPerSecond: 20_000, handledPerSecond: 20_000, meanBatch: 40, p50Ms: 10, p99Ms: 49 },
    ],
    shares: [
      { share: 0.055, offeredPerSecond: 5_495, handledPerSecond: 5_495, meanBatch: 10, p50Ms: 2, p99Ms: 9 },
      { share: 0.22, offeredPerSecond: 21_978, handledPerSecond: 21_978, meanBatch: 100, p50Ms: 20, p99Ms: 51 },
    ],
  },
  expiry: { lots: 1_000_000, seconds: 61, purchasesPerSecond: 3_000, purchaseBatchP99Ms: 90 },
};
const load = { requestsPerSecond: 1_000, p50Ms: 1, p99Ms: 2, non2xx: 0 };
const mix = { seconds: 25, redemptionsPerSecond: 510, reserveP99Ms: 49, captureP99Ms: 48, cutOff: 0, nothingP99Ms: 20 };
const busOf = (kind: BusFigures['kind'], bookedPerSecond: number): BusFigures => ({
  ...{ kind, copy: 100_000, fastify: 10_000, consume: 80_000 },
  latency: { sent: 200, p50Ms: 100, p99Ms: 300 },
  gateway: { single: load, batch: load, batchEventsPerSecond: 10_000 },
  ledger: { events: 200_000, publishPerSecond: 20_000, bookedPerSecond, footprint },
  reading: load,
  hot: { requests: 1_000, accepted: 500, refused: 500, seconds: 1, p99Ms: 900 },
  mix: { ...mix, offeredPerSecond: 10_500, perSecond: 10_200, captureP99Ms: 51 },
  mixShare: { ...mix, share: 0.11, offeredPerSecond: 5_000, perSecond: 4_950 },
});
const book = (customers: number, entries: number, microsPerEvent: number) => ({
  ...{ customers, entries, microsPerEvent, tuned: false },
  ...{ fillSeconds: 1, perSecond: 1e6 / microsPerEvent },
});
const tuned = [book(10_000, 0, 18), book(5_000_000, 0, 27)].map((each) => ({ ...each, tuned: true }));
const figures: Figures = {
  buses: [busOf('postgres-log', 24_000), busOf('kafka', 24_000)],
  alone,
  flat: [book(10_000, 0, 20), book(100_000, 0, 22), book(5_000_000, 0, 25), book(100_000, 10_000_000, 30), ...tuned],
};

it('says of every goal whether it was reached, by the limit of the same run', () => {
  expect(goalsOf(figures).map(({ what, ratio, reached }) => [what, ratio, reached])).toEqual([
    ['ledger path, batches of 1,000, 120 s', '0.40', true],
    ['the same beside one transaction per event, both in a small book', '× 30.0', true],
    [
      'the same beside one transaction per event that also moves a balance of the house, both in a small book',
      '× 18.0',
      false,
    ],
    ['ledger path with 5 % redemptions (reserved and captured), 30 s', '0.30', false],
    ['open load of 5,000/s, from arrival to durable', '', true],
    // Quick answers to what it took, but it did not take all.
    ['open load of 20,000/s, from arrival to durable', '', false],
    ['open load of 5,495/s, from arrival to durable', '0.055', false],
    ['open load of 21,978/s, from arrival to durable', '0.22', true],
    ['open load of 5,000/s, from arrival to durable, on a tuned server', '', false],
    ['open load of 20,000/s, from arrival to durable, on a tuned server', '', true],
    ['open load of 5,495/s, from arrival to durable, on a tuned server', '0.055', true],
    ['open load of 21,978/s, from arrival to durable, on a tuned server', '0.22', false],
    ['1,000,000 lots expire at one midnight', '', false],
    ['end to end, bus and relay included, on the log in PostgreSQL', '0.24', false],
    ['90 % purchases, 5 % refunds, 5 % redemptions over HTTP, on the log in PostgreSQL', '', false],
    ['90 % purchases, 5 % refunds, 5 % redemptions over HTTP, on the log in PostgreSQL', '0.11', true],
    ['one hot customer, 1,000 redemptions at once, on the log in PostgreSQL', '', true],
    ['end to end, bus and relay included, on Apache Kafka, one broker on the same machine', '0.24', true],
    [
      '90 % purchases, 5 % refunds, 5 % redemptions over HTTP, on Apache Kafka, one broker on the same machine',
      '',
      false,
    ],
    [
      '90 % purchases, 5 % refunds, 5 % redemptions over HTTP, on Apache Kafka, one broker on the same machine',
      '0.11',
      true,
    ],
    ['one hot customer, 1,000 redemptions at once, on Apache Kafka, one broker on the same machine', '', true],
    ['cost per event from 10,000 to 5,000,000 customers', '× 1.25 at most', true],
    ['cost per event from 10,000 to 5,000,000 customers, on a tuned server', '× 1.50 at most', false],
    ['cost per event from 0 to 10,000,000 entries', '× 1.36 at most', false],
  ]);
});

it('misses a mix that left redemptions without an answer, and says how many', () => {
  const quick = { ...mix, offeredPerSecond: 10_500, perSecond: 10_200 };
  const mixOf = (cutOff: number) => {
    const bus = { ...busOf('postgres-log', 24_000), mix: { ...quick, cutOff } };
    return goalsOf({ buses: [bus] }).find(({ goal }) => goal.startsWith('≥ 10,000/s'));
  };
  expect(mixOf(0)).toMatchObject({ reached: true });
  expect(mixOf(3)).toMatchObject({ reached: false, figure: expect.stringContaining(', 3 not answered') });
});

it('shows goals, limits and rows per event, and leaves out what was not measured', () => {
  const page = render(figures, FACTS);
  expect(page).toContain(
    '| ≥ 0.40 of COPY | 40,000 events/s | COPY of all its rows 100,000 events/s | 0.40 | reached |',
  );
  expect(page).toContain('purchase 1.00, transfer 1.00, lot 1.00, outbox 1.00');
  expect(page).toContain('| 5,000,000 | 0 | 40,000 | 25.0 | × 1.25 | 1 s |');
  expect(render({ buses: [] }, FACTS)).not.toContain('|');
});

it('replaces the last run and keeps what people wrote around it', () => {
  const page = intoPage(PAGE, 'new');
  expect(page).toBe('before\n<!-- begin: npm run bench -->\nnew\n<!-- end: npm run bench -->\nafter\n');
  expect(intoPage(page, 'new')).toBe(page);
});

it('refuses a page without its marks rather than losing it', () => {
  expect(() => intoPage('a page', 'new')).toThrow('lacks the marks');
});
