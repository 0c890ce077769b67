/** `npm run fence -- show|reset`: how far a service has handled each partition, and starting over after a topic was re-created. */
import { readFences, resetFence } from '@vafa/bus';
import { refuse } from './command-line.ts';
import { knownService, table, withDatabase } from './operator.ts';

const USAGE = `usage:
  npm run fence -- show SERVICE
  npm run fence -- reset SERVICE TOPIC    only after the topic was re-created or restored; stop the service first.
                                          What is on the topic is handled again; natural keys keep it from counting twice.`;

const [command, name, topic] = process.argv.slice(2);
const out = (text: string): void => void process.stdout.write(`${text}\n`);
const groupOf = (given: string | undefined): string => knownService((given ?? '').replace(/^vafa\./, ''));

if (command === 'show')
  await withDatabase(groupOf(name), async (sql) => {
    const rows = await readFences(sql, `vafa.${groupOf(name)}`);
    out(table(rows.map((row) => ({ topic: row.topic, partition: row.partition, next: row.nextOffset }))));
  });
else if (command === 'reset' && topic)
  await withDatabase(groupOf(name), async (sql) => {
    const partitions = await resetFence(sql, `vafa.${groupOf(name)}`, topic);
    if (partitions === 0) throw new Error(`vafa.${groupOf(name)} has handled nothing of ${topic}: nothing was reset`);
    out(`reset ${partitions} partitions of ${topic}`);
  });
else refuse(USAGE);
