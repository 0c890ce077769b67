/** `npm run api-keys -- list|create|revoke`: who may call, and what. */
import { systemClock } from '@vafa/kernel';
import { createApiKey, listApiKeys, revokeApiKey, SCOPES } from '@vafa/platform';
import { readArguments, refuse } from './command-line.ts';
import { table, withDatabase } from './operator.ts';

const USAGE = `usage:
  npm run api-keys -- list
  npm run api-keys -- create NAME --scopes purchases:write,customers:write   the key is shown once
  npm run api-keys -- revoke ID                                              in force within 10 s
scopes: ${SCOPES.join(', ')} (or "all")`;

const { positionals, values } = readArguments(
  { allowPositionals: true, options: { scopes: { type: 'string' } } },
  USAGE,
);
const [command, argument] = positionals;
const out = (text: string): void => void process.stdout.write(`${text}\n`);

await withDatabase('auth', async (sql) => {
  if (command === 'list') {
    const keys = await listApiKeys(sql);
    out(
      table(
        keys.map(({ id, name, scopes, createdAt, revokedAt }) => ({
          id,
          name,
          scopes: scopes.length === SCOPES.length ? 'all' : scopes.join(','),
          created: createdAt,
          revoked: revokedAt ?? '',
        })),
      ),
    );
  } else if (command === 'create' && argument && values.scopes) {
    const scopes = values.scopes === 'all' ? SCOPES : values.scopes.split(',').map((scope) => scope.trim());
    const { id, secret } = await createApiKey(sql, { name: argument, scopes }, systemClock.now());
    out(`${secret}\n(id ${id}; keep it now, it is not shown again)`);
  } else if (command === 'revoke' && argument) {
    if (!(await revokeApiKey(sql, argument, systemClock.now()))) refuse(`no key with the id ${argument}`, 1);
    out('revoked');
  } else refuse(USAGE);
});
