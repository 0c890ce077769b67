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

const STATUSES: readonly string[] = ['parked', 'waiting', 'retried', 'discarded', 'all'];
/** Most that one look at the letters returns. */
const MAX_LIMIT = 1_000;

/** The number of a letter. Ends the command where it is none. */
const idOf = (text: string | undefined): number => {
  const id = /^\d+$/.test(text ?? '') ? Number(text) : 0;
  return Number.isSafeInteger(id) && id > 0 ? id : refuse(`${text ?? 'nothing'} is no ID: see the list\n${USAGE}`);
};

const list = async (): Promise<void> => {
  if (rest.length > 0) refuse(`list takes no ${rest[0]}\n${USAGE}`);
  const services = values.service ? [knownService(values.service)] : serviceNames();
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    refuse(`--limit takes a whole number from 1 to ${MAX_LIMIT}`);
  if (!STATUSES.includes(values.status)) refuse(`--status is one of ${STATUSES.join(', ')}`);
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

/** All that are parked for a reason, however many: who took some would have the newest handled before the older ones. */
const parkedFor = async (sql: Sql, code: string): Promise<number[]> => {
  const ids: number[] = [];
  for (let beforeId: number | undefined; ; beforeId = ids.at(-1)) {
    const page = await listDeadLetters(sql, {
      ...{ status: 'parked', code, limit: MAX_LIMIT },
      ...(beforeId === undefined ? {} : { beforeId }),
    });
    ids.push(...page.map(({ id }) => id));
    if (page.length < MAX_LIMIT) return ids;
  }
};

/** Which letters are meant: those named, or all parked for a reason. Asked before the database is. */
const chosen = (): ((sql: Sql) => Promise<number[]>) => {
  const named = rest.slice(1).map(idOf);
  const { code } = values;
  if (named.length > 0 === (code !== undefined)) refuse(USAGE);
  return code === undefined ? async () => named : (sql) => parkedFor(sql, code);
};

switch (command) {
  case 'list':
    await list();
    break;
  case 'show':
    await show(knownService(rest[0]), idOf(rest[1]));
    break;
  case 'retry': {
    const [service, find] = [knownService(rest[0]), chosen()];
    await withDatabase(service, async (sql) => out(`${await retryDeadLetters(sql, await find(sql))} handed back`));
    break;
  }
  case 'discard': {
    const [service, find] = [knownService(rest[0]), chosen()];
    await withDatabase(service, async (sql) => out(`${await discardDeadLetters(sql, await find(sql))} discarded`));
    break;
  }
  default:
    refuse(USAGE);
}
