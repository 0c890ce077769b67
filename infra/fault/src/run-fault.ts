import { setTimeout as wait } from 'node:timers/promises';
import { openSql } from '@vafa/platform';
import { createApi, openTrialBus, seedTrial, type TrialHouse, trialCustomers } from '@vafa/trial';
import { awaitQuiet, type Quiet } from './await-quiet.ts';
import { type Coverage, coverageOf, epochs, untilBought, untilReconciled } from './coverage.ts';
import { createInflictor } from './faults/inflict.ts';
import { type FaultCounts, planFaults } from './faults/plan-faults.ts';
import { watchCounters } from './faults/watch-counters.ts';
import { gather } from './gather.ts';
import { FULL, type Layout, leaseMsOf, startFaultHouse } from './house.ts';
import { judge } from './invariants/all.ts';
import { createFinding, type Finding } from './invariants/finding.ts';
import { lookForLasting } from './invariants/lasting.ts';
import type { Acknowledged } from './load/deeds.ts';
import { startLoad } from './load/load.ts';
import type { Mutant } from './mutants/mutants.ts';
import { createRandom } from './random.ts';
import { openShop } from './shop.ts';
import { watchFor } from './watch-for.ts';

export interface RunOptions {
  /** Everything of the run lies here; what lay there before goes. */
  dir: string;
  bus: 'postgres-log' | 'kafka';
  seconds: number;
  deedsPerSecond: number;
  seed: number;
  /** Planted together, in one house. */
  mutants: readonly Mutant[];
  /** Each service apart unless given. */
  layout?: Layout;
  /** How long nothing may move after the faults before the house counts as stuck. */
  stillMs: number;
  /** Ends the run as soon as a violation of each mutant shows that nothing mends; to the end unless given. */
  endWhenShown?: boolean;
  /** How long answers to what was begun are waited for after the faults; 90 s unless given. */
  answerLimitMs?: number;
  /** Of the services: 'silent' unless somebody looks for a cause. */
  logLevel: string;
  say: (line: string) => void;
}

export interface RunReport {
  options: Pick<RunOptions, 'bus' | 'seconds' | 'seed' | 'deedsPerSecond'> & { mutants: readonly string[] };
  done: Acknowledged;
  faults: FaultCounts;
  /** undefined: it ended before, as what it was for had shown. */
  quiet: Quiet | undefined;
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
/** There, too, few requests were answered. */
const BOUGHT_LIMIT_MS = 15_000;

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

type Options = RunOptions & Required<Pick<RunOptions, 'layout' | 'answerLimitMs'>>;

/** One campaign: load and faults together, then quiet, then judgement. */
const campaign = async (house: TrialHouse, options: Options): Promise<Omit<RunReport, 'options' | 'seconds'>> => {
  const { bus, seconds, deedsPerSecond, seed, layout, stillMs, answerLimitMs, mutants, endWhenShown, say } = options;
  const random = createRandom(seed);
  const sql = openSql({ url: house.adminUrl, max: 4, name: 'vafa-fault', statementTimeoutMs: 60_000 });
  const trialBus = await openTrialBus(house);
  try {
    say('the house is up');
    const customers = trialCustomers('customer', CUSTOMERS);
    const leavers = trialCustomers('leaver', LEAVERS).map(({ id }, i) => ({ id, phone: `+98935${1_000_000 + i}` }));
    const api = createApi(house.urls, house.apiKey);
    await seedTrial(api, [...customers, ...leavers]);
    const shop = await openShop(api, seconds);
    await awaitQuiet(house, sql, { limitMs: QUIET_LIMIT_MS, stillMs: QUIET_LIMIT_MS });
    const epochsBefore = await epochs(sql);

    say(`${seconds} s of faults …`);
    const counters = watchCounters(house.allUrls);
    const load = startLoad({
      ...{ urls: house.urls, apiKey: house.apiKey, bus: trialBus.bus, sql, deedsPerSecond, shop },
      random: random.fork('load'),
      customers: customers.map(({ id }) => id),
      leavers: leavers.map(({ id }) => id),
    });
    const inflictor = createInflictor(house, sql, layout);
    const plan = planFaults({ seconds, bus, leaseMs: leaseMsOf(bus), labels: layout.labels }, random.fork('faults'));
    const { done } = load;
    const ending = new AbortController();
    const work = async (): Promise<void> => {
      const pause = wait(seconds * 1_000, undefined, { signal: ending.signal }).catch(() => undefined);
      await Promise.all([inflictor.run(plan, ending.signal), pause]);
      // What a mutant shows does not rest on it.
      if (mutants.length === 0) await untilBought(done, BOUGHT_LIMIT_MS);
      say('quiet …');
      await load.end(answerLimitMs);
    };
    const working = work();
    const look = endWhenShown ? lookForLasting(mutants) : undefined;
    if (look) {
      const shown = await watchFor(() => gather(house, { sql, done, shop, bus }), look, working);
      if (shown.length > 0) {
        ending.abort();
        await Promise.all([load.end(0), working, counters.stop()]);
        return { done, faults: inflictor.counts, quiet: undefined, findings: shown, coverage: [] };
      }
    }
    await working;
    await untilReconciled(sql, RECONCILE_LIMIT_MS);
    await calm(house);
    const quiet = await awaitQuiet(house, sql, { limitMs: QUIET_LIMIT_MS, stillMs });
    const seen = { bus, done, faults: inflictor.counts, counters: await counters.stop(), epochsBefore };
    const findings = [quietFinding(quiet), ...(await judge(await gather(house, { sql, done, shop, bus })))];
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
  const { bus, seconds, seed, deedsPerSecond, mutants } = options;
  const house = await startFaultHouse(options);
  try {
    const result = await campaign(house, options);
    return {
      options: { bus, seconds, seed, deedsPerSecond, mutants: mutants.map(({ name }) => name) },
      ...result,
      seconds: (performance.now() - begun) / 1_000,
    };
  } finally {
    // One that is frozen could not stop, and would outlive us.
    for (const each of house.processes.values()) wakeUp(each.pid());
    await house.stop(STOP_LIMIT_MS);
  }
};
