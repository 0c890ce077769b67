import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Between {
  /** Of the database, by way of this one. */
  readonly url: string;
  /** Did the client ever send this? */
  hears(text: string): boolean;
  keepAnswers(): void;
  giveAnswers(): void;
  close(): void;
}

/** Stands between one client and the database, hears what the client sends, and keeps its answers back when it is told to. */
export const standBetween = async (databaseUrl: string): Promise<Between> => {
  const { port, hostname } = new URL(databaseUrl);
  let heard = '';
  let toClient: Socket | undefined;
  let fromDatabase: Socket | undefined;
  const server = createServer((client) => {
    toClient = client;
    fromDatabase = connect(Number(port), hostname);
    client.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    client.pipe(fromDatabase);
    fromDatabase.pipe(client);
    const ends: [Socket, Socket] = [client, fromDatabase];
    for (const [one, other] of [ends, ends.toReversed() as typeof ends]) {
      one.on('error', () => one.destroy());
      // Also after a reset, of which a pipe tells nobody.
      one.on('close', () => other.destroy());
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const here = new URL(databaseUrl);
  here.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: here.href,
    hears: (text) => heard.includes(text),
    keepAnswers: () => void fromDatabase?.unpipe(),
    giveAnswers: () => void (toClient && fromDatabase?.pipe(toClient)),
    close: () => void server.close(),
  };
};
