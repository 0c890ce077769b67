import { inject } from 'vitest';

export type GivenKafka = { brokers: string[]; minSessionTimeoutMs: number } | { skipped: string };

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser's URL of the tests' server, and the template to clone. */
    postgres: { adminUrl: string; template: string };
    /** Brokers of a real Kafka and the shortest session they allow, or why there is none. */
    kafka: GivenKafka;
  }
}

/** What the global setup started for this run. */
export const givenPostgres = (): { adminUrl: string; template: string } => inject('postgres');
export const givenKafka = (): GivenKafka => inject('kafka');
