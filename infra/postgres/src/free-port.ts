import { once } from 'node:events';
import { createServer } from 'node:net';
import { assert } from '@vafa/kernel';

/** A port on 127.0.0.1 that nobody listened on a moment ago; somebody may take it before you do. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a TCP server has an address with a port');
  server.close();
  await once(server, 'close');
  return address.port;
};
