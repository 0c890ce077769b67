import { createHash } from 'node:crypto';
import { systemClock } from '@vafa/kernel';
import { createApiKey, openSql, SCOPES } from '@vafa/platform';
import { keep, readKept } from './local-folder.ts';

/** The API key of this machine's owner: made at the first start, kept in a file, made anew if the database has forgotten it. */
export const ensureLocalKey = async (
  adminUrl: string,
  folder: string,
): Promise<{ secret: string; firstStart: boolean }> => {
  const sql = openSql({ url: adminUrl, max: 1, name: 'vafa-start' });
  try {
    const [count] = await sql<{ n: number }[]>`select count(*) as n from auth.api_key`;
    const firstStart = count?.n === 0;
    const kept = readKept(folder, 'api-key');
    if (kept) {
      const hash = createHash('sha256').update(kept).digest('hex');
      const known = await sql`select 1 from auth.api_key where hash = ${hash} and revoked_at is null`;
      if (known.length > 0) return { secret: kept, firstStart };
    }
    const key = await createApiKey(sql, { name: 'local owner (npm start)', scopes: SCOPES }, systemClock.now());
    keep(folder, 'api-key', key.secret);
    return { secret: key.secret, firstStart };
  } finally {
    await sql.end({ timeout: 5 });
  }
};
