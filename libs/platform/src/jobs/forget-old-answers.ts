import type { Sql } from '@vafa/bus';
import type { Clock } from '@vafa/kernel';
import type { Job } from './job.ts';

const PORTION = 5_000;

/** Removes kept answers of Idempotency-Keys after their time. */
export const forgetOldAnswers = (sql: Sql, clock: Clock, keepHours: number): Job => ({
  name: 'forget-old-answers',
  everyMs: 600_000,
  runsIn: 'any',
  run: async () => {
    const limit = clock.now().subtract({ hours: keepHours });
    const rows = await sql`delete from idempotency_key where key in (select key from idempotency_key
      where created_at < ${limit.toString()}::timestamptz order by created_at limit ${PORTION} for update skip locked) returning 1`;
    return rows.length;
  },
});
