import { expect, it } from 'vitest';
import { FULL } from '../house.ts';
import { createRandom } from '../random.ts';
import { planFaults } from './plan-faults.ts';

const labels = FULL.labels;
const plan = (seed: number, bus: 'postgres-log' | 'kafka', seconds = 60) =>
  planFaults({ seconds, bus, leaseMs: 1_500, labels }, createRandom(seed));
const count = (faults: ReturnType<typeof plan>, kind: string): number => faults.filter((f) => f.kind === kind).length;

it('is the same for the same seed, in order of time', () => {
  expect(plan(5, 'postgres-log')).toEqual(plan(5, 'postgres-log'));
  expect(plan(5, 'postgres-log')).not.toEqual(plan(6, 'postgres-log'));
  const times = plan(5, 'kafka').map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

it('kills Postgres once, Kafka once where there is one, and services all the time', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const onPostgres = plan(seed, 'postgres-log');
    expect(count(onPostgres, 'kill-postgres')).toBe(1);
    expect(count(onPostgres, 'kill-kafka')).toBe(0);
    expect(count(onPostgres, 'kill-service')).toBeGreaterThan(30);
    expect(count(onPostgres, 'freeze')).toBeGreaterThanOrEqual(5);
    const onKafka = plan(seed, 'kafka');
    expect(count(onKafka, 'kill-kafka')).toBe(1);
    expect(count(onKafka, 'forget-commits')).toBe(0);
  }
});

it('freezes consumers only, and for longer than their lease', () => {
  for (const fault of plan(9, 'postgres-log'))
    if (fault.kind === 'freeze') {
      expect(fault.label).not.toBe('gateway');
      expect(fault.forMs).toBe(3_000);
    }
});

it('has every kind of fault in a short run too', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const faults = plan(seed, 'postgres-log', 15);
    for (const kind of [
      'kill-service',
      'kill-at-commit',
      'freeze',
      'cut-sessions',
      'forget-commits',
      'kill-postgres',
      'roll',
    ])
      expect(count(faults, kind), `${kind} by seed ${seed}`).toBeGreaterThan(0);
  }
});
