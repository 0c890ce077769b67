import { openSql } from '@vafa/platform';
import { readRecordFile } from '@vafa/sandbox';
import { createApi, openTrialBus, seedTrial, type TrialHouse, trialCustomers } from '@vafa/trial';
import { awaitQuiet, type Quiet } from './await-quiet.ts';
import { type Coverage, coverageOf, epochs, untilReconciled } from './coverage.ts';
import { createInflictor } from './faults/inflict.ts';
import { type FaultCounts, planFaults } from './faults/plan-faults.ts';
import { watchCounters } from './faults/watch-counters.ts';
import { FULL, type Layout, leaseMsOf, startFaultHouse } from './house.ts';
import { judge } from './invariants/all.ts';
import { createFinding, type Evidence, type Finding } from './invariants/finding.ts';
import type { Acknowledged } from './load/deeds.ts';
import { startLoad } from './load/load.ts';
import type { Mutant } from './mutants/mutants.ts';
import { expectedOf } from './oracle.ts';
import { createRandom } from './random.ts';

export interface RunOptions {
  /** Everything of the run lies here; what lay there before goes. */
  dir: string;
  bus: 'postgres-log' | 'kafka';
  seconds: number;
  deedsPerSecond: number;
  seed: number;
  mutant: Mutant | undefined;
  /** Each service apart unless given. */
  layout?: Layout;
  /** How long nothing may move after the faults before the house counts as stuck. */
  stillMs: number;
  /** How long answers to what was begun are waited for after the faults; 90 s unless given. */
  answerLimitMs?: number;
  /** Of the services: 'silent' unless somebody looks for a cause. */
  logLevel: string;
  say: (line: string) => void;
}

export interface RunReport {
  options: Pick<RunOptions, 'bus' | 'seconds' | 'seed' | 'deedsPerSecond'> & { mutant: string | undefined };
  done: Acknowledged;
  faults: FaultCounts;
  quiet: Quiet;
  findings: Finding[];
  coverage: Coverage[];
  /** Of the whole run. */
  seconds: number;
}

const CUSTOMERS = 40;
const LEAVERS = 3;
/** All is judged by then. */
const STOP_LIMIT_MS = 2_000;
const ANSWER_LIMIT_MS = 90_000;
const QUIET_LIMIT_MS = 180_000;
/** On a slow machine few messages went out while faults were made. */
const RECONCILE_LIMIT_MS = 15_000;

const calm = async (house: TrialHouse): Promise<void> => {
  const answer = await fetch(`${house.sandbox.inboxUrl}/chaos`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  if (!answer.ok) throw new Error(`the provider's chaos could not be ended: ${answer.status}`);
};

const quietFinding = (quiet: Quiet): Finding => {
  const { finding, wrong } = createFinding('all became quiet', ['left']);
  finding.checked = 1;
  for (const [place, count] of Object.entries(quiet.left)) wrong('left', `${place}: ${count}`);
  return finding;
};

const acceptedBy = async (house: TrialHouse): Promise<Evidence['accepted']> => {
  const accepted: Evidence['accepted'][number][] = [];
  for await (const line of readRecordFile(house.recordFile)) if (line.kind === 'sms') accepted.push(line);
  return accepted;
};

/** One campaign: load and faults together, then quiet, then judgement. */
const campaign = async (
  house: TrialHouse,
  options: Required<RunOptions>,
): Promise<Omit<RunReport, 'options' | 'seconds'>> => {
  const { bus, seconds, deedsPerSecond, seed, layout, stillMs, answerLimitMs, say } = options;
  const random = createRandom(seed);
  const sql = openSql({ url: house.adminUrl, max: 4, name: 'vafa-fault', statementTimeoutMs: 60_000 });
  const trialBus = await openTrialBus(house);
  try {
    say('the house is up');
    const customers = trialCustomers('customer', CUSTOMERS);
    const leavers = trialCustomers('leaver', LEAVERS).map(({ id }, i) => ({ id, phone: `+98935${1_000_000 + i}` }));
    await seedTrial(createApi(house.urls, house.apiKey), [...customers, ...leavers]);
    await awaitQuiet(house, sql, { limitMs: QUIET_LIMIT_MS, stillMs: QUIET_LIMIT_MS });
    const epochsBefore = await epochs(sql);

    say(`${seconds} s of faults …`);
    const counters = watchCounters(house.allUrls);
    const load = startLoad({
      ...{ urls: house.urls, apiKey: house.apiKey, bus: trialBus.bus, sql, deedsPerSecond },
      random: random.fork('load'),
      customers: customers.map(({ id }) => id),
      leavers: leavers.map(({ id }) => id),
    });
    const inflictor = createInflictor(house, sql, layout);
    const plan = planFaults({ seconds, bus, leaseMs: leaseMsOf(bus), labels: layout.labels }, random.fork('faults'));
    await Promise.all([inflictor.run(plan), new Promise((resolve) => setTimeout(resolve, seconds * 1_000))]);

    say('quiet …');
    await load.end(answerLimitMs);
    await untilReconciled(sql, RECONCILE_LIMIT_MS);
    await calm(house);
    const quiet = await awaitQuiet(house, sql, { limitMs: QUIET_LIMIT_MS, stillMs });
    const { done } = load;
    const seen = { bus, done, faults: inflictor.counts, counters: await counters.stop(), epochsBefore };
    const evidence = { sql, done, expected: expectedOf(done), accepted: await acceptedBy(house), bus };
    const findings = [quietFinding(quiet), ...(await judge(evidence))];
    return { done, faults: inflictor.counts, quiet, findings, coverage: await coverageOf(sql, seen) };
  } finally {
    await trialBus.close();
    await sql.end({ timeout: 5 });
  }
};

const wakeUp = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGCONT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Runs one fault campaign from nothing to its report. @throws what starting or stopping the house throws */
export const runFault = async (given: RunOptions): Promise<RunReport> => {
  const begun = performance.now();
  const say = (line: string): void =>
    given.say(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  const options = { layout: FULL, answerLimitMs: ANSWER_LIMIT_MS, ...given, say };
  const { bus, seconds, seed, deedsPerSecond, mutant } = options;
  const house = await startFaultHouse(options);
  try {
    const result = await campaign(house, options);
    return {
      options: { bus, seconds, seed, deedsPerSecond, mutant: mutant?.name },
      ...result,
      seconds: (performance.now() - begun) / 1_000,
    };
  } finally {
    // One that is frozen could not stop, and would outlive us.
    for (const each of house.processes.values()) wakeUp(each.pid());
    await house.stop(STOP_LIMIT_MS);
  }
};
