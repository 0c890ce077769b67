/**
 * `npm run fault`: kills, freezes and cuts the house while purchases flow, and checks afterwards that nothing was lost or
 * doubled. Ends with 0 when all holds, 1 when an invariant is broken, 2 when the run saw too little to say anything.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kafkaAvailability } from '@vafa/local-kafka';
import { FULL, SMALL } from './house.ts';
import { findMutant, MUTANTS } from './mutants/mutants.ts';
import { render, verdictOf } from './report.ts';
import { type RunOptions, runFault } from './run-fault.ts';
import { type TrialOfMutants, tryMutants } from './try-mutants.ts';

const USAGE = `npm run fault -- [options]

  --seconds N      how long faults are made, 60
  --bus NAME       postgres-log (default) or kafka
  --seed N         repeats the same faults and the same shopping; chosen by chance and printed when not given
  --rate N         deeds per second, 40
  --mutant NAMES   plants a bug, or several with commas between them:
                   ${MUTANTS.map(({ name }) => name).join(', ')}
  --mutants        the control and every mutant, one after the other (20 s each unless --seconds is given)
  --log LEVEL      the services' log: silent (default), error, warn, info, debug
  --small          four processes in place of nine
  --keep           keeps the run's folder

Ends with 0 when all invariants hold (with --mutants: when the control is clean and every mutant was reported),
1 when one is broken, 2 when the run is void, 64 when the options are not understood.
`;
const EXIT = { clean: 0, violated: 1, void: 2 } as const;
const EXIT_USAGE = 64;
const EXIT_STOPPED = 130;
const MAX_SEED = 2 ** 31;

const say = (line: string): void => console.log(line);

const readOptions = (): RunOptions & { all: boolean; keep: boolean } => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      ...{ seconds: text, bus: text, seed: text, rate: text, mutant: text, log: text },
      ...{ mutants: flag, small: flag, keep: flag, help: flag },
    },
  });
  if (values.help) {
    say(USAGE);
    process.exit(0);
  }
  const number = (name: string, given: string | undefined, fallback: number, low: number): number => {
    const value = given === undefined ? fallback : Number(given);
    if (!Number.isInteger(value) || value < low || value > MAX_SEED)
      throw new TypeError(`--${name} must be a whole number from ${low} on`);
    return value;
  };
  const bus = values.bus ?? 'postgres-log';
  if (bus !== 'postgres-log' && bus !== 'kafka') throw new TypeError('--bus must be postgres-log or kafka');
  return {
    dir: fileURLToPath(new URL('../../../.vafa/fault', import.meta.url)),
    ...{ bus, say, all: values.mutants, keep: values.keep },
    seconds: number('seconds', values.seconds, values.mutants ? 20 : 60, 5),
    deedsPerSecond: number('rate', values.rate, 40, 1),
    seed: number('seed', values.seed, Math.floor(Math.random() * 1_000_000), 0),
    mutants: values.mutant === undefined ? [] : values.mutant.split(',').map(findMutant),
    layout: values.small ? SMALL : FULL,
    stillMs: 20_000,
    logLevel: values.log ?? 'silent',
  };
};

const options = (() => {
  try {
    return readOptions();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(EXIT_USAGE);
  }
})();

if (options.bus === 'kafka') {
  const available = await kafkaAvailability({ env: {} });
  if (available.kind === 'none') {
    process.stderr.write(`no Kafka to be had: ${available.reason}\n`);
    process.exit(1);
  }
}

// Told to stop: the house's own exit hook takes everything down that was started.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(EXIT_STOPPED));

const one = async (): Promise<number> => {
  const report = await runFault(options);
  say(render(report));
  return EXIT[verdictOf(report)];
};

const all = async (): Promise<number> => {
  const trials: TrialOfMutants = await tryMutants(options);
  say(trials.table);
  return trials.proven ? 0 : 1;
};

const code = await (options.all ? all() : one());
if (!options.keep && code === 0) rmSync(options.dir, { recursive: true, force: true });
process.exit(code);
