import { backOffMs, type Sql, sleep } from '@vafa/bus';
import type { Log } from '@vafa/kernel';
import type { Registry } from 'prom-client';
import { Counter, Histogram } from 'prom-client';
import type { Job } from './job.ts';
import { createRunAlone } from './run-alone.ts';

export interface JobRunner {
  /** Starts the clockwork. */
  start(): void;
  /** Runs every job until none finds anything to do; returns how many things were done. For tests and operators. */
  runAll(): Promise<number>;
  stop(): Promise<void>;
}

export interface JobRunnerOptions {
  service: string;
  jobs: readonly Job[];
  sql: Sql;
  log: Log;
  metrics: Registry;
  /** Called after a run that did something. */
  afterWork: () => void;
}

/** Portions of one job in a row before others get a turn in `runAll`: a job that never ends is a bug. */
const MAX_PORTIONS = 100_000;

export const createJobRunner = ({ service, jobs, sql, log, metrics, afterWork }: JobRunnerOptions): JobRunner => {
  const stopping = new AbortController();
  const runAlone = createRunAlone(sql);
  const running: Promise<void>[] = [];
  const labelNames = ['service', 'job'] as const;
  const done = new Counter({
    name: 'vafa_job_items_total',
    help: 'Things done by jobs',
    labelNames,
    registers: [metrics],
  });
  const failures = new Counter({
    name: 'vafa_job_failures_total',
    help: 'Runs that failed',
    labelNames,
    registers: [metrics],
  });
  const seconds = new Histogram({
    name: 'vafa_job_seconds',
    help: 'Seconds per run',
    labelNames,
    registers: [metrics],
  });

  /** One portion, in this process alone when the job wants that; 0 when another process is at it. */
  const runOnce = async (job: Job): Promise<number> => {
    const labels = { service, job: job.name };
    const end = seconds.startTimer(labels);
    const run = () => job.run(stopping.signal);
    const count = job.runsIn === 'one' ? await runAlone(`vafa.job.${service}.${job.name}`, run) : await run();
    end();
    if (count > 0) {
      done.inc(labels, count);
      afterWork();
    }
    return count;
  };

  const loop = async (job: Job): Promise<void> => {
    for (let failed = 0; !stopping.signal.aborted; ) {
      try {
        const count = await runOnce(job);
        failed = 0;
        if (count === 0) await sleep(job.everyMs, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        failed += 1;
        failures.inc({ service, job: job.name });
        log.warn({ job: job.name, failed, err: error }, 'job failed, trying again');
        await sleep(Math.max(job.everyMs, backOffMs(failed, 30_000)), stopping.signal);
      }
    }
  };

  return {
    start: () => {
      for (const job of jobs) running.push(loop(job));
    },
    runAll: async () => {
      let total = 0;
      for (const job of jobs) {
        for (let portion = 0; ; portion++) {
          const count = await runOnce(job);
          total += count;
          if (count === 0) break;
          if (portion > MAX_PORTIONS) throw new Error(`job ${job.name} never comes to an end`);
        }
      }
      return total;
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
    },
  };
};
