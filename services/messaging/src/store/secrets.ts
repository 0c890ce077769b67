import { randomBytes } from 'node:crypto';
import type { Sql } from '@vafa/bus';

const SECRET_BYTES = 32;

/** The secret kept under a name; made at first use, the same for every process. */
export const secretNamed = async (sql: Sql, name: string): Promise<string> => {
  await sql`insert into secret (name, value) values (${name}, ${randomBytes(SECRET_BYTES).toString('base64url')})
    on conflict do nothing`;
  const [row] = await sql<{ value: string }[]>`select value from secret where name = ${name}`;
  if (!row) throw new Error(`secret ${name} is gone`);
  return row.value;
};
