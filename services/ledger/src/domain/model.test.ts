import fc from 'fast-check';
import { test } from 'vitest';
import { compare } from '../test/compare.fixture.ts';
import { domainWorld } from '../test/domain-world.fixture.ts';
import { scenario } from '../test/scenario.fixture.ts';

test('the domain does what the slow and obvious ledger does', async () => {
  const startMs = Temporal.Instant.from('2026-03-20T09:30:00Z').epochMilliseconds;
  await fc.assert(
    fc.asyncProperty(scenario, (drawn) => compare(domainWorld(drawn), drawn, '', startMs)),
    // What it found by then is told: to make it smaller takes longer than the test may.
    { numRuns: 1_000, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
  );
}, 120_000);
