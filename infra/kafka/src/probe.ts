import { connect } from 'node:net';

const METADATA_KEY = 3;
const METADATA_VERSION = 1;
const CORRELATION_ID = 20_000;
const CLIENT_ID = 'vafa-probe';
const LIMIT_MS = 2_000;
const LARGEST_ANSWER_BYTES = 1_048_576;

/** A Metadata request (version 1) that asks for no topic, framed as Kafka's protocol wants it. */
const metadataRequest = (): Buffer => {
  const clientId = Buffer.from(CLIENT_ID);
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(METADATA_KEY, 4);
  request.writeInt16BE(METADATA_VERSION, 6);
  request.writeInt32BE(CORRELATION_ID, 8);
  request.writeInt16BE(clientId.length, 12);
  clientId.copy(request, 14);
  request.writeInt32BE(0, 14 + clientId.length); // no topics
  return request;
};

/**
 * Does a Kafka broker answer here and count itself among the living? An open port is not enough: a broker listens
 * before the controller has let it in, and until then it knows of no broker, not even itself. Speaks the protocol
 * itself, since the client library belongs to the bus alone.
 */
export const answersAsKafka = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host, port });
    const settle = (answer: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => settle(false), LIMIT_MS);
    socket.on('connect', () => socket.write(metadataRequest()));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 12) return;
      // size, correlation id, then the number of brokers
      const sizeBytes = received.readInt32BE(0);
      const isOurs = sizeBytes < LARGEST_ANSWER_BYTES && received.readInt32BE(4) === CORRELATION_ID;
      settle(isOurs && received.readInt32BE(8) > 0);
    });
  });
