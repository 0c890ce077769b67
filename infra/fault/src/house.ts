import { fileURLToPath, pathToFileURL } from 'node:url';
import { startTrialHouse, type TrialHouse } from '@vafa/trial';
import type { Mutant } from './mutants/mutants.ts';

/** Processes and the services each runs. A second process of the same services shares partitions and work with the first. */
export interface Layout {
  /** Processes by what they run together; the names are only for people. */
  labels: Readonly<Record<string, readonly string[]>>;
  servicesOf: (group: string) => readonly string[];
}

/** Each service a process of its own; those that share partitions or senders have a second member. */
export const FULL: Layout = {
  labels: {
    gateway: ['gateway'],
    ledger: ['ledger', 'ledger-2'],
    segmentation: ['segmentation'],
    campaigns: ['campaigns', 'campaigns-2'],
    messaging: ['messaging', 'messaging-2'],
    reminders: ['reminders'],
  },
  servicesOf: (group) => [group],
};

/** The same services in four processes: enough for a planted bug to show, and up in half of the time. */
export const SMALL: Layout = {
  labels: { gateway: ['gateway'], ledger: ['ledger', 'ledger-2'], others: ['others'] },
  servicesOf: (group) => (group === 'others' ? ['segmentation', 'campaigns', 'messaging', 'reminders'] : [group]),
};

const POSTGRES_LEASE_MS = 1_500;
/** The shortest that a broker allows by default. */
const KAFKA_SESSION_MS = 6_000;

/** Silence after which a member loses its partitions. */
export const leaseMsOf = (bus: 'postgres-log' | 'kafka'): number =>
  bus === 'kafka' ? KAFKA_SESSION_MS : POSTGRES_LEASE_MS;

/** How the provider misbehaves: shares of its calls. It does not tell repetitions, as not every provider does. */
export const CHAOS = {
  rejectRate: 0.08,
  acceptThen500Rate: 0.08,
  acceptThenHangRate: 0.04,
  acceptThenResetRate: 0.04,
  dedupe: false,
};

/** Short waits everywhere: the same rules as in earnest, in a minute. */
const SETTINGS: Readonly<Record<string, string>> = {
  // A killed process is back in two thirds of the time.
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../../.vafa/compile-cache', import.meta.url)),
  HTTP_RATE_LIMIT_PER_MINUTE: '100000000',
  BUS_LEASE_MS: String(POSTGRES_LEASE_MS),
  KAFKA_SESSION_TIMEOUT_MS: String(KAFKA_SESSION_MS),
  BUS_MAX_BATCH: '25',
  STOP_TIMEOUT_MS: '5000',
  LEDGER_SWEEP_EVERY_MS: '300',
  LEDGER_CODES_EVERY_MS: '200',
  MESSAGING_SMS_CALLS_PER_SECOND: '200',
  MESSAGING_SEND_POLL_MS: '50',
  MESSAGING_SMS_PORTION: '10',
  MESSAGING_SMS_TIMEOUT_MS: '800',
  MESSAGING_EMAIL_TIMEOUT_MS: '800',
  MESSAGING_LEASE_MS: '2500',
  MESSAGING_UNKNOWN_WAIT_MS: '500',
  MESSAGING_RETRY_FIRST_MS: '100',
  MESSAGING_RETRY_MAX_MS: '1000',
  MESSAGING_PAUSE_FIRST_MS: '200',
  MESSAGING_PAUSE_MAX_MS: '1000',
};

/** A node option that plants mutants in a process, before its first module is loaded. */
const plantOption = (mutants: readonly Mutant[]): Record<string, string> => {
  const loader = pathToFileURL(fileURLToPath(new URL('./mutants/loader.ts', import.meta.url)));
  return { NODE_OPTIONS: `--import ${loader.href}`, VAFA_MUTANTS: mutants.map(({ name }) => name).join(',') };
};

/** The house that is put through it: each service a process of its own, some of them two. */
export const startFaultHouse = (options: {
  dir: string;
  bus: 'postgres-log' | 'kafka';
  seed: number;
  mutants: readonly Mutant[];
  layout: Layout;
  logLevel: string;
  say: (line: string) => void;
}): Promise<TrialHouse> => {
  const { dir, bus, seed, mutants, layout, logLevel, say } = options;
  const changes = mutants.flatMap(({ sql }) => sql ?? []);
  const groups = Object.entries(layout.labels).flatMap(([group, labels]) =>
    labels.map((label, i) => ({
      ...{ label, services: layout.servicesOf(group), second: i > 0 },
    })),
  );
  return startTrialHouse({
    ...{ dir, bus, groups, say },
    chaos: { ...CHAOS, seed },
    maxRestartWaitMs: 300,
    // The start after a crash would otherwise flush every file of the data folder one by one.
    postgres: { recovery_init_sync_method: 'syncfs' },
    env: { ...SETTINGS, VAFA_LOG_LEVEL: logLevel, ...(mutants.length > 0 ? plantOption(mutants) : {}) },
    ...(changes.length > 0 ? { sqlAfterMigration: changes.join(';\n') } : {}),
  });
};
