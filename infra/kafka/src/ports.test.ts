import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { findFreePort, requirePort } from './ports.ts';

test('a free port can be had, and one in use is refused in one line that names it', async () => {
  const port = await findFreePort();
  await requirePort(port);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(requirePort(port)).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
  await new Promise((resolve) => server.close(resolve));
  await requirePort(port);
});
