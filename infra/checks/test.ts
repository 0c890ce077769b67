/** `npm test [-- PATH…]`: every test this machine can run; the last line counts them. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { status } = spawnSync(
  'vitest',
  ['run', '--reporter=default', '--reporter=./infra/checks/counting-reporter.ts', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' },
);
process.exit(status ?? 1);
