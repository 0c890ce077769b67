/** `npm run dead-letters -- list|show|retry|discard`: what could not be handled, and what to do about it. */
import {
  type DeadLetterStatus,
  discardDeadLetters,
  findDeadLetter,
  listDeadLetters,
  retryDeadLetters,
  type Sql,
} from '@vafa/bus';
import { readArguments, refuse } from './command-line.ts';
import { knownService, table, withDatabase } from './operator.ts';
import { serviceNames } from './service-names.ts';

const USAGE = `usage:
  npm run dead-letters -- list [--service NAME] [--status parked|waiting|retried|discarded|all] [--topic T] [--code C] [--limit 50]
  npm run dead-letters -- show SERVICE ID
  npm run dead-letters -- retry SERVICE ID… | --code C      handled again within a second or so, in order
  npm run dead-letters -- discard SERVICE ID… | --code C    given up for good; they stay on record`;

const { positionals, values } = readArguments(
  {
    allowPositionals: true,
    options: {
      service: { type: 'string' },
      status: { type: 'string', default: 'parked' },
      topic: { type: 'string' },
      code: { type: 'string' },
      limit: { type: 'string', default: '50' },
      help: { type: 'boolean', default: false },
    },
  },
  USAGE,
);
const [command, ...rest] = positionals;
const out = (text: string): void => void process.stdout.write(`${text}\n`);

const list = async (): Promise<void> => {
  const services = values.service ? [knownService(values.service)] : serviceNames();
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1) refuse('--limit takes a whole number from 1 to 1000');
  const found: Record<string, unknown>[] = [];
  for (const service of services)
    await withDatabase(service, async (sql) => {
      const letters = await listDeadLetters(sql, {
        limit,
        ...(values.status === 'all' ? {} : { status: values.status as DeadLetterStatus }),
        ...(values.topic ? { topic: values.topic } : {}),
        ...(values.code ? { code: values.code } : {}),
      });
      for (const { id, topic, partition, offset, eventType, status, errorCode, attempts, firstSeenAt } of letters)
        found.push({
          service,
          id,
          at: `${topic}/${partition}/${offset}`,
          event: eventType ?? '?',
          status,
          code: errorCode,
          attempts,
          since: firstSeenAt,
        });
    });
  out(table(found));
};

const show = (service: string, id: number): Promise<void> =>
  withDatabase(service, async (sql) => {
    const letter = await findDeadLetter(sql, id);
    if (!letter) return refuse(`${service} has no dead letter ${id}`, 1);
    const { headers, value, valueBytes, ...rest } = letter;
    out(
      JSON.stringify(
        {
          ...rest,
          headers: JSON.parse(headers),
          value,
          ...(valueBytes ? { valueHex: valueBytes.toString('hex') } : {}),
        },
        null,
        2,
      ),
    );
  });

const chosen = async (sql: Sql): Promise<number[]> => {
  if (values.code)
    return (await listDeadLetters(sql, { status: 'parked', code: values.code, limit: 1_000 })).map(({ id }) => id);
  const ids = rest.slice(1).map(Number);
  if (ids.length === 0 || ids.some((id) => !Number.isInteger(id))) refuse(USAGE);
  return ids;
};

switch (command) {
  case 'list':
    await list();
    break;
  case 'show':
    await show(knownService(rest[0]), Number(rest[1]));
    break;
  case 'retry':
    await withDatabase(knownService(rest[0]), async (sql) =>
      out(`${await retryDeadLetters(sql, await chosen(sql))} handed back`),
    );
    break;
  case 'discard':
    await withDatabase(knownService(rest[0]), async (sql) =>
      out(`${await discardDeadLetters(sql, await chosen(sql))} discarded`),
    );
    break;
  default:
    refuse(USAGE);
}
