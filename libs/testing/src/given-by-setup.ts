import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser's URL of the tests' server, and the template to clone. */
    postgres: { adminUrl: string; template: string };
    /** Brokers of a real Kafka, or why there is none. */
    kafka: { brokers: string[] } | { skipped: string };
  }
}

/** What the global setup started for this run. */
export const givenPostgres = (): { adminUrl: string; template: string } => inject('postgres');
export const givenKafka = (): { brokers: string[] } | { skipped: string } => inject('kafka');
