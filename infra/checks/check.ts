/** `npm run check`: format, lint, types, import rules, unused code, what is generated. All steps run; any failure counts. */
import { spawnSync } from 'node:child_process';
import { workspaceRoot } from '@vafa/testing';
import { findSchemaDrift } from './schema-drift.ts';
import { findStale, schemaFiles } from './schema-files.ts';
import { readmeWithSettings } from './settings-table.ts';
import { findSqlOutsideStore } from './sql-outside-store.ts';

const command = (name: string, args: string[]) => (): string[] => {
  const run = spawnSync(name, args, {
    cwd: workspaceRoot,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  return run.status === 0 ? [] : [`${run.stdout}${run.stderr}` || String(run.error)];
};

const steps: [string, () => string[] | Promise<string[]>][] = [
  ['format and lint', command('biome', ['ci', '--error-on-warnings', '--colors=off', '--max-diagnostics=30', '.'])],
  ['types', command('tsc', ['-p', 'tsconfig.json'])],
  [
    'import rules',
    command('depcruise', [
      '--config',
      'infra/checks/import-rules.cjs',
      '--output-type',
      'err',
      'libs',
      'services',
      'infra',
    ]),
  ],
  ['unused code', command('knip', ['--no-progress'])],
  ['SQL in store only', findSqlOutsideStore],
  ['generated files', () => findStale(new Map([...schemaFiles(), ['README.md', readmeWithSettings()]]))],
  ['schema drift', findSchemaDrift],
];

let failed = 0;
for (const [name, run] of steps) {
  const begun = performance.now();
  const problems = await run();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) failed += 1;
}
console.log(failed === 0 ? 'all checks passed' : `${failed} of ${steps.length} checks failed`);
process.exit(failed === 0 ? 0 : 1);
