import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localKafkaObstacle } from './availability.ts';
import { resolveJars } from './jars.ts';
import { findFreePort } from './ports.ts';
import { answersAsKafka } from './probe.ts';

const obstacle = await localKafkaObstacle();
const FETCH_LIMIT_MS = 600_000;
const TEST_LIMIT_MS = 120_000;
const MAIN = join(import.meta.dirname, 'main.ts');

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vafa-kafka-main-'));
  if (obstacle === undefined) await resolveJars({ log: (line) => process.stderr.write(`${line}\n`) });
}, FETCH_LIMIT_MS);
afterAll(() => rm(root, { recursive: true, force: true }));

const collect = (child: ChildProcess): { out: string; err: string } => {
  const text = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  return text;
};

describe.skipIf(obstacle !== undefined)(
  `npm run kafka${obstacle === undefined ? '' : ` (skipped: ${obstacle})`}`,
  { timeout: TEST_LIMIT_MS },
  () => {
    test('prints the ready line and stops cleanly at Ctrl-C, also when it comes twice', async () => {
      const port = await findFreePort();
      const child = spawn(process.execPath, [MAIN, '--port', String(port), '--dir', join(root, 'a')]);
      const text = collect(child);
      await once(child.stdout, 'data');
      expect(text.out).toBe(`KAFKA_BROKERS=127.0.0.1:${port}\n`);
      expect(await answersAsKafka(port)).toBe(true);
      child.kill('SIGINT');
      child.kill('SIGTERM');
      expect(await once(child, 'close')).toEqual([0, null]);
      expect(await answersAsKafka(port)).toBe(false);
    });

    test('says in one line which program is missing', async () => {
      const bin = join(root, 'bin');
      await mkdir(bin);
      const args = [MAIN, '--port', '0', '--dir', join(root, 'b'), '--cache-dir', join(root, 'no-jars')];
      const run = (): { status: number | null; stderr: string } =>
        spawnSync(process.execPath, args, { env: { PATH: bin }, encoding: 'utf8' });
      const withoutJava = run();
      expect(withoutJava.status).toBe(1);
      expect(withoutJava.stderr).toMatch(/^A local Kafka needs java on the PATH: install .*\n$/);
      const java = spawnSync('sh', ['-c', 'command -v java'], { encoding: 'utf8' }).stdout.trim();
      await symlink(java, join(bin, 'java'));
      const withoutMaven = run();
      expect(withoutMaven.status).toBe(1);
      expect(withoutMaven.stderr.trim().split('\n').at(-1)).toMatch(
        /^The jars of a local Kafka are fetched by mvn, which is not on the PATH: install Maven/,
      );
    });

    test('refuses a port that is none', () => {
      const { status, stderr } = spawnSync(process.execPath, [MAIN, '--port', '99999'], { encoding: 'utf8' });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^--port 99999 is no port/);
    });
  },
);
