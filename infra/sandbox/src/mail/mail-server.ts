import type { Socket } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { MailBehaviour, MailPlay } from '../chaos/mail-script.ts';
import type { SandboxLog } from '../log.ts';
import { type MailRecord, readMail } from './mail-record.ts';

const sizeLimitBytes = 10_485_760;
const connectionLimit = 500;
const recipientLimit = 200;
const idleTimeoutMs = 120_000;

/** The fake SMTP server. */
export interface MailServer {
  /** @throws EADDRINUSE … when the port can't be had */
  listen(port: number, host: string): Promise<number>;
  stop(): Promise<void>;
}

const refusal = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code });

const texts: Record<number, string> = {
  421: '4.3.2 Service not available',
  450: '4.2.1 Mailbox unavailable, try again later',
  451: '4.3.0 Local error in processing',
  452: '4.2.2 Mailbox full',
  550: '5.1.1 No such user',
  552: '5.2.2 Mailbox full',
  554: '5.7.1 Message refused',
};

const rejection = ({ code, text }: { code: number; text?: string }) => refusal(code, text ?? texts[code] ?? 'Refused');

const readAll = async (stream: SMTPServerDataStream): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk as Buffer);
  return stream.sizeExceeded ? undefined : Buffer.concat(chunks);
};

/** Sockets by the client's port, since a session does not hand out its own. */
const trackSockets = (smtp: SMTPServer) => {
  const sockets = new Map<string, Socket>();
  const keyOf = (socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }) =>
    `${socket.remoteAddress} ${socket.remotePort}`;
  smtp.server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    sockets.set(key, socket);
    socket.once('close', () => sockets.delete(key));
  });
  return {
    drop: (session: SMTPServerSession) => sockets.get(keyOf(session))?.destroy(),
    dropAll: () => {
      for (const socket of sockets.values()) socket.destroy();
    },
  };
};

/**
 * Accepts any sender, recipient and credentials, without TLS, and keeps what it accepts.
 * @param onMail makes the message durable; called before the 250 is sent, its failure is answered with 451
 */
export const createMailServer = (options: {
  play: MailPlay;
  now: () => number;
  /** The number of the message that is about to be accepted. */
  nextNumber: () => number;
  onMail: (record: MailRecord) => void;
  onBehaviour: (behaviour: MailBehaviour) => void;
  log: SandboxLog;
}): MailServer => {
  const { play, now, nextNumber, onMail, onBehaviour, log } = options;
  /** Of the transaction under way on each session: how the connection goes on after DATA. */
  const planned = new WeakMap<SMTPServerSession, MailBehaviour>();

  const smtp = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    banner: 'Vafa sandbox',
    size: sizeLimitBytes,
    maxClients: connectionLimit,
    socketTimeout: idleTimeoutMs,
    closeTimeout: 100,
    onAuth: (auth, _session, callback) => callback(null, { user: auth.username ?? 'anyone' }),
    onMailFrom: (_address, session, callback) => {
      planned.delete(session);
      callback();
    },
    onRcptTo: ({ address }, session, callback) => {
      if (session.envelope.rcptTo.length >= recipientLimit) return callback(refusal(452, '4.5.3 Too many recipients'));
      const behaviour = play.take(address);
      if (behaviour.kind === 'ok') return callback();
      onBehaviour(behaviour);
      if (behaviour.kind === 'dropBeforeData') return sockets.drop(session);
      if (behaviour.kind === 'reject' && behaviour.at !== 'data') return callback(rejection(behaviour));
      if (!planned.has(session)) planned.set(session, behaviour);
      callback();
    },
    onData: (stream, session, callback) => {
      receive(stream, session).then((reply) => reply && callback(reply.error ?? null, reply.text), callback);
    },
  });
  const sockets = trackSockets(smtp);

  /** @returns the answer to give, or undefined when none is given */
  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession) => {
    const { mailFrom, rcptTo } = session.envelope;
    const raw = await readAll(stream);
    const behaviour = planned.get(session) ?? { kind: 'ok' };
    if (raw === undefined) return { error: refusal(552, '5.3.4 Message too big') };
    if (behaviour.kind === 'reject') return { error: rejection(behaviour) };
    if (behaviour.kind === 'hang') return undefined;
    const record = await readMail(raw, {
      number: nextNumber(),
      acceptedAtMs: now(),
      envelopeFrom: mailFrom ? mailFrom.address : '',
      envelopeTo: rcptTo.map(({ address }) => address),
    });
    try {
      onMail(record);
    } catch (error) {
      log.error({ code: (error as { code?: unknown }).code }, 'an e-mail could not be recorded');
      return { error: refusal(451, '4.3.0 Not recorded') };
    }
    if (behaviour.kind === 'acceptThenDrop') sockets.drop(session);
    return behaviour.kind === 'ok' ? { text: `2.0.0 Ok: queued as SANDBOX${record.number}` } : undefined;
  };

  // A client that goes away in the middle is its own affair here; tests and fault runs do it all the time.
  smtp.on('error', (error: NodeJS.ErrnoException) => log.info({ code: error.code }, 'an SMTP connection failed'));

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        smtp.server.once('error', reject);
        smtp.listen(port, host, () => {
          smtp.server.off('error', reject);
          const address = smtp.server.address();
          resolve(typeof address === 'object' && address ? address.port : port);
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        smtp.close(() => resolve());
        setImmediate(sockets.dropAll);
      }),
  };
};
