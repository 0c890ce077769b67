import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SHARED_HOUSES } from './mutants/shared-houses.ts';
import { render, verdictOf } from './report.ts';
import { type RunOptions, runFault } from './run-fault.ts';
import { runMutants, shown } from './try-mutants.ts';

/** A house of its own, so that a run by hand is not in the way. */
const options: RunOptions = {
  dir: fileURLToPath(new URL('../../../.vafa/fault-test', import.meta.url)),
  bus: 'postgres-log',
  seconds: 10,
  deedsPerSecond: 40,
  seed: 11,
  mutants: [],
  stillMs: 20_000,
  logLevel: 'silent',
  say: () => undefined,
};
const LIMIT_MS = 300_000;

// Minutes of killing, alone on the machine: see vitest.config.ts. `npm run fault -- --mutants` does the same with a report.
describe('the fault campaign', () => {
  it('finds nothing wrong with the house as it is', { timeout: LIMIT_MS }, async () => {
    const report = await runFault({ ...options, seconds: 12 });
    expect(verdictOf(report), render(report)).toBe('clean');
  });

  it.each(SHARED_HOUSES.map((mutants) => [mutants.map(({ name }) => name).join(', '), mutants] as const))(
    'reports %s',
    { timeout: LIMIT_MS },
    async (_names, mutants) => {
      const report = await runMutants(options, mutants);
      for (const mutant of mutants)
        expect(shown(mutant, report.findings), `${mutant.name}\n${render(report)}`).toBeGreaterThan(0);
    },
  );
});
