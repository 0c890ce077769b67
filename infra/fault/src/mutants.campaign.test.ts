import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants/mutants.ts';
import { render, verdictOf } from './report.ts';
import { type RunOptions, runFault } from './run-fault.ts';
import { runMutant, shown } from './try-mutants.ts';

/** A house of its own, so that a run by hand is not in the way. */
const options: RunOptions = {
  dir: fileURLToPath(new URL('../../../.vafa/fault-test', import.meta.url)),
  bus: 'postgres-log',
  seconds: 10,
  deedsPerSecond: 40,
  seed: 11,
  mutant: undefined,
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

  it.each(MUTANTS.filter(({ extra }) => !extra).map((mutant) => [mutant.name, mutant] as const))(
    'reports %s',
    { timeout: LIMIT_MS },
    async (_name, mutant) => {
      const report = await runMutant(options, mutant);
      expect(shown(mutant, report.findings), render(report)).toBeGreaterThan(0);
    },
  );
});
