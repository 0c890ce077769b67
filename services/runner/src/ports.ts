import { createServer } from 'node:net';

const isBusy = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(true) : reject(error),
    );
    server.listen(port, host, () => server.close(() => resolve(false)));
  });

/** The first of the ports that something listens on already. */
export const firstBusyPort = async (host: string, ports: readonly number[]): Promise<number | undefined> => {
  for (const port of ports) if (await isBusy(host, port)) return port;
  return undefined;
};
