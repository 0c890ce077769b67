import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { answersAsKafka } from './probe.ts';
import { ask, int16, int32, int64, list, readerOf, text } from './wire.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A peer that answers each connection's first bytes with these. */
const peer = async (answer: (socket: Socket, request: Buffer) => void): Promise<{ host: string; port: number }> => {
  const listening = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (request: Buffer) => answer(socket, request));
  });
  servers.push(listening);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { host: '127.0.0.1', port: address.port };
};

test('reads what it wrote', () => {
  const bytes = Buffer.concat([int16(-2), int32(7), int64(-1n), text('وفا'), list(['a', 'b'], (item) => [text(item)])]);
  const reader = readerOf(bytes);
  const list2 = (): string[] => reader.list(() => reader.text());
  expect([reader.int16(), reader.int32(), reader.int64(), reader.text(), list2()]).toEqual([
    -2,
    7,
    -1n,
    'وفا',
    ['a', 'b'],
  ]);
  expect(() => reader.int8()).toThrow(RangeError);
});

test('an answer that comes in pieces is read whole', async () => {
  const address = await peer((socket, request) => {
    const body = text('hello');
    const answer = Buffer.concat([int32(4 + body.length), request.subarray(8, 12), body]);
    socket.write(answer.subarray(0, 6));
    setTimeout(() => socket.write(answer.subarray(6)), 20);
  });
  expect((await ask(address, { key: 3, version: 1 }, int32(-1), 1_000)).text()).toBe('hello');
});

test('silence, a closed door and another protocol are no answer', async () => {
  const silent = await peer(() => undefined);
  await expect(ask(silent, { key: 3, version: 1 }, int32(-1), 50)).rejects.toThrow('within 50 ms');
  const closing = await peer((socket) => socket.destroy());
  await expect(ask(closing, { key: 3, version: 1 }, int32(-1), 1_000)).rejects.toThrow();
  const web = await peer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await expect(ask(web, { key: 3, version: 1 }, int32(-1), 1_000)).rejects.toThrow('no Kafka');
  expect(await answersAsKafka(web.port)).toBe(false);
});

test('a broker without partitions answers for all of them; one that leads none of its partitions does not', async () => {
  const broker = [int32(1), text('127.0.0.1'), int32(9092), int16(-1)];
  const partition = (leader: number): Buffer[] => [
    int16(0),
    int32(0),
    int32(leader),
    list([], () => []),
    list([], () => []),
  ];
  const kafka = (alive: number, leader: number | undefined, offsetError = 0): Promise<{ port: number }> =>
    peer((socket, request) => {
      const topics = leader === undefined ? [] : [leader];
      const metadata = [
        list(Array(alive).fill(0), () => broker),
        int32(1),
        list(topics, (of) => [int16(0), text('t'), Buffer.alloc(1), list([of], partition)]),
      ];
      const offsets = [
        list(topics, () => [text('t'), list([0], (id) => [int32(id), int16(offsetError), int64(-1n), int64(0n)])]),
      ];
      const body = Buffer.concat(request.readInt16BE(4) === 3 ? metadata : offsets);
      socket.write(Buffer.concat([int32(4 + body.length), request.subarray(8, 12), body]));
    });
  expect(await answersAsKafka((await kafka(1, undefined)).port)).toBe(true);
  expect(await answersAsKafka((await kafka(0, undefined)).port)).toBe(false);
  expect(await answersAsKafka((await kafka(1, 1)).port)).toBe(true);
  expect(await answersAsKafka((await kafka(1, -1)).port)).toBe(false);
  expect(await answersAsKafka((await kafka(1, 1, 6)).port)).toBe(false);
});
