import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EXIT_SETTINGS } from './environment.ts';
import { type Supervised, supervise } from './supervise.ts';

let dir: string;
let supervised: Supervised | undefined;
let gaveUp: number[];
let said: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vafa-supervise-'));
  gaveUp = [];
  said = [];
});

afterEach(async () => {
  await supervised?.stop(5_000);
  supervised = undefined;
  rmSync(dir, { recursive: true });
});

/** Runs `body` as the supervised program; `run` is the number of the start, from 1. */
const superviseProgram = (body: string, firstStartLimitMs = 30_000): Supervised => {
  const main = join(dir, 'main.mjs');
  writeFileSync(
    main,
    `import { appendFileSync, readFileSync } from 'node:fs';
    appendFileSync('${dir}/runs', 'x');
    const run = readFileSync('${dir}/runs', 'utf8').length;
    const ready = () => { process.send({ ready: true }); process.on('disconnect', () => process.exit(0)); };
    ${body}`,
  );
  supervised = supervise({
    ...{ label: 'it', services: [], env: {}, main, firstStartLimitMs, maxWaitMs: 50 },
    say: (line) => said.push(line),
    onGivenUp: (code) => gaveUp.push(code),
  });
  return supervised;
};

const runs = (): number => readFileSync(`${dir}/runs`, 'utf8').length;

it('tries a process again that failed before it was ready, as its broker may be just starting', async () => {
  await superviseProgram('if (run < 3) process.exit(1); ready();').ready;
  expect(runs()).toBe(3);
  expect(gaveUp).toEqual([]);
  expect(said).toHaveLength(2);
});

it('tells that a process never became ready, once its time is over', async () => {
  await expect(superviseProgram('process.exit(1);', 300).ready).rejects.toThrow('it could not start (see above)');
  expect(runs()).toBeGreaterThan(1);
  expect(gaveUp).toEqual([]);
});

it('never tries again what wrong settings stopped', async () => {
  await expect(superviseProgram(`process.exit(${EXIT_SETTINGS});`).ready).rejects.toThrow('it could not start');
  expect(runs()).toBe(1);
  expect(gaveUp).toEqual([EXIT_SETTINGS]);
});

it('starts again what crashes after it was ready, without a limit of time', async () => {
  const it = superviseProgram('ready(); if (run < 3) setTimeout(() => process.exit(1), 20);', 0);
  await it.ready;
  await expect.poll(() => runs(), { timeout: 10_000 }).toBe(3);
  expect(it.restarts()).toBe(2);
});
