import { setTimeout as wait } from 'node:timers/promises';
import { isInfrastructure, type Sql } from '@vafa/bus';
import type { TrialHouse } from '@vafa/trial';
import type { Layout } from '../house.ts';
import { createRandom } from '../random.ts';
import type { Fault, FaultCounts } from './plan-faults.ts';

export interface Inflictor {
  counts: FaultCounts;
  /** Inflicts all in their time, until it is told to end, and resolves when the last has passed; nothing is left frozen. */
  run(faults: readonly Fault[], ending: AbortSignal): Promise<void>;
}

/** Time that a process is given to stop in order before the next of its service is told to. */
const ROLL_PAUSE_MS = 1_500;

/** Waits, but not beyond the end. */
const pause = (ms: number, ending: AbortSignal): Promise<void> =>
  wait(ms, undefined, { signal: ending }).catch(() => undefined);

/** Sends a signal to a process of the house, if it lives just now. */
const signal = (house: TrialHouse, label: string, name: NodeJS.Signals): number | undefined => {
  const pid = house.processes.get(label)?.pid();
  if (pid === undefined) return undefined;
  try {
    process.kill(pid, name);
    return pid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
    throw error;
  }
};

const cutSessions = async (sql: Sql, count: number, draw: number): Promise<number> => {
  const sessions = await sql<{ pid: number }[]>`select pid from pg_stat_activity
    where datname = current_database() and application_name like 'vafa-%' and application_name not like 'vafa-fault%'
      and pid <> pg_backend_pid() order by pid`;
  const chosen = createRandom(draw).shuffled(sessions).slice(0, count);
  for (const { pid } of chosen) await sql`select pg_terminate_backend(${pid})`;
  return chosen.length;
};

/** Sets committed offsets back, as a broker that lost them would, and makes the members read their places anew. */
const forgetCommits = async (sql: Sql, records: number): Promise<number> => {
  const rows = await sql`update bus.log_cursor c
    set committed = greatest(p.first_offset, c.committed - ${records}), owner = null, lease_until = null, epoch = c.epoch + 1
    from bus.log_partition p where p.topic = c.topic and p.partition = c.partition and c.committed > p.first_offset
    returning 1`;
  return rows.length;
};

const AT_COMMIT_LIMIT_MS = 5_000;

/** How far services have handled their partitions: changes with each effect that is committed. */
const fencesOf = async (sql: Sql, services: readonly string[]): Promise<string> => {
  const each = await Promise.all(
    services.map((service) => sql`select sum(next_offset)::text as sum from ${sql(service)}.consumer_fence`),
  );
  return each.map(([row]) => row?.sum).join();
};

/** Resolves right after a service committed an effect; false when none did within the limit. */
const nextCommit = async (sql: Sql, services: readonly string[], ending: AbortSignal): Promise<boolean> => {
  const until = performance.now() + AT_COMMIT_LIMIT_MS;
  const before = await fencesOf(sql, services);
  while (performance.now() < until && !ending.aborted) if ((await fencesOf(sql, services)) !== before) return true;
  return false;
};

/** Does to the house what the plan says. */
export const createInflictor = (house: TrialHouse, sql: Sql, { labels, servicesOf }: Layout): Inflictor => {
  const counts: FaultCounts = {
    ...{ 'kill-service': 0, 'kill-at-commit': 0, freeze: 0, roll: 0, 'cut-sessions': 0 },
    ...{ 'forget-commits': 0, 'kill-postgres': 0, 'kill-kafka': 0 },
  };

  const freeze = async (label: string, forMs: number, ending: AbortSignal): Promise<boolean> => {
    const pid = signal(house, label, 'SIGSTOP');
    if (pid === undefined) return false;
    await pause(forMs, ending);
    // Killed and started again meanwhile: the new process was never stopped.
    if (house.processes.get(label)?.pid() === pid) signal(house, label, 'SIGCONT');
    return true;
  };

  const roll = async (service: string, ending: AbortSignal): Promise<boolean> => {
    let rolled = false;
    for (const label of labels[service] ?? []) {
      rolled = signal(house, label, 'SIGTERM') !== undefined || rolled;
      await pause(ROLL_PAUSE_MS, ending);
    }
    return rolled;
  };

  const inflict = async (fault: Fault, ending: AbortSignal): Promise<boolean> => {
    switch (fault.kind) {
      case 'kill-service':
        return signal(house, fault.label, 'SIGKILL') !== undefined;
      case 'kill-at-commit': {
        if (!(await nextCommit(sql, servicesOf(fault.group), ending))) return false;
        const killed = (labels[fault.group] ?? []).map((label) => signal(house, label, 'SIGKILL'));
        return killed.some((pid) => pid !== undefined);
      }
      case 'freeze':
        return freeze(fault.label, fault.forMs, ending);
      case 'roll':
        return roll(fault.service, ending);
      case 'cut-sessions':
        return (await cutSessions(sql, fault.count, fault.draw)) > 0;
      case 'forget-commits':
        return (await forgetCommits(sql, fault.records)) > 0;
      case 'kill-postgres':
        await house.killPostgres();
        return true;
      case 'kill-kafka':
        await house.killKafka();
        return true;
    }
  };

  return {
    counts,
    run: async (faults, ending) => {
      const begun = performance.now();
      await Promise.all(
        faults.map(async (fault) => {
          await pause(Math.max(0, fault.atMs - (performance.now() - begun)), ending);
          if (ending.aborted) return;
          try {
            if (await inflict(fault, ending)) counts[fault.kind] += 1;
          } catch (error) {
            // One fault may fall into another: there is no session to cut while the database is down.
            if (!isInfrastructure(error)) throw error;
          }
        }),
      );
    },
  };
};
