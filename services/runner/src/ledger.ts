/** `npm run ledger -- verify`: checks the whole book, and tells what is broken. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type SealHead, type Violation, verifyLedger } from '@vafa/ledger';
import { readArguments, refuse } from './command-line.ts';
import { table, withDatabase } from './operator.ts';

const USAGE = `usage:
  npm run ledger -- verify [--heads FILE]    sums, lots, balances, closed books and the seal of every entry
      --heads FILE   the ends of the chains of seals: those in FILE, if it is there, must still be in the book; then it is
                     written anew. Kept in another place than the book, it proves that nothing was cut off its end.
ends with 0 when all is well, with 1 and a list when something is broken`;

/** Longest that one statement may take: books of hundreds of millions of entries are read from disk. */
const LIMIT_MS = 6 * 3_600_000;
/** A line of progress is written so often. */
const TELL_EVERY_MS = 1_000;

const { positionals, values } = readArguments(
  {
    allowPositionals: true,
    options: { heads: { type: 'string' }, help: { type: 'boolean', default: false } },
  },
  USAGE,
);

/** What the file has, nothing where there is none yet. Ends the command now if it could not be written after hours of checking. */
const readHeads = (path: string): SealHead[] => {
  if (!existsSync(dirname(path))) return refuse(`${path} can't be written: there is no folder ${dirname(path)}`);
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SealHead[];
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    return refuse(`${path} can't be read: it should be a file that this command wrote`);
  }
};

/** Tells how far the check is, on the error stream, at most once a second. */
const createTeller = () => {
  let toldMs = Number.NEGATIVE_INFINITY;
  return ({ step, done, of }: { step: string; done: number; of: number }): void => {
    const nowMs = performance.now();
    if (nowMs - toldMs < TELL_EVERY_MS && done < of) return;
    toldMs = nowMs;
    const what = step === 'seal' ? 'seals' : 'rules';
    process.stderr.write(`${what}: ${done} of ${of}${step === 'seal' ? '' : ` (${step})`}\n`);
  };
};

const verify = (): Promise<void> =>
  withDatabase('ledger', async (sql) => {
    const known = values.heads === undefined ? [] : readHeads(values.heads);
    let heads: SealHead[] = [];
    const violations: Violation[] = await verifyLedger(sql, {
      knownHeads: known,
      limitMs: LIMIT_MS,
      onProgress: createTeller(),
      onLeftOut: (what) => process.stderr.write(`not looked at: ${what}\n`),
      onHeads: (told) => {
        heads = told;
      },
    });
    const chains = heads.length === 1 ? '1 chain of seals' : `${heads.length} chains of seals`;
    if (violations.length === 0) {
      if (values.heads !== undefined) writeFileSync(values.heads, `${JSON.stringify(heads, null, 1)}\n`);
      process.stdout.write(`the book is sound (${chains})\n`);
      return;
    }
    process.exitCode = 1;
    const rows = violations.map(({ rule, subject, detail }) => ({ rule, subject, detail }));
    process.stdout.write(`${table(rows)}\n`);
    process.stderr.write('the book is broken: see the list (at most 20 lines of each kind)\n');
  });

if (values.help || positionals.length !== 1 || positionals[0] !== 'verify') refuse(USAGE);
else await verify();
