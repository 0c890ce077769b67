import type { Readable } from 'node:stream';
import nodemailer from 'nodemailer';
import type { CallOutcome } from '../../domain/call-outcome.ts';
import type { EmailItem, EmailProvider } from '../email-provider.ts';
import { outcomeOfFailure, type SmtpFailure } from './smtp-outcome.ts';
import { readSmtpUrl } from './smtp-url.ts';

export interface SmtpOptions {
  url: string;
  from: string;
  /** Longest hand-over of one message. */
  timeoutMs: number;
  maxConnections: number;
  dkim: { domainName: string; keySelector: string; privateKey: string } | undefined;
  /** Waits until the next message may go. */
  pace: () => Promise<void>;
  onCall: (method: string, result: string, seconds: number) => void;
}

/**
 * nodemailer's own list leaves List-Unsubscribe-Post unsigned, and without it in the signature mailbox providers ignore
 * one-click unsubscription (RFC 8058).
 */
const SIGNED_HEADERS =
  'From:Sender:Reply-To:Subject:Date:Message-ID:To:Cc:MIME-Version:Content-Type:Content-Transfer-Encoding:' +
  'In-Reply-To:References:List-Id:List-Unsubscribe:List-Unsubscribe-Post:Feedback-ID:Auto-Submitted';

const MESSAGES_PER_CONNECTION = 100;
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;

/** The part of a message under way that tells whether any of it was written. */
interface Tracked {
  data: { messageId?: string };
  message: { createReadStream: () => Readable };
}

const createTransport = (options: SmtpOptions) => {
  const { timeoutMs, maxConnections, dkim } = options;
  return nodemailer.createTransport({
    ...readSmtpUrl(options.url),
    pool: true,
    maxConnections,
    maxMessages: MESSAGES_PER_CONNECTION,
    // By default the pool sends again by itself when a connection closes early; whether and when is ours to decide.
    maxRequeues: 0,
    idleTimeout: IDLE_TIMEOUT_MS,
    connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
    greetingTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
    dnsTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: { minVersion: 'TLSv1.2' },
    ...(dkim ? { dkim: { ...dkim, headerFieldNames: SIGNED_HEADERS } } : {}),
  });
};

/** Raw headers: nodemailer's `list` option would make a link of `List-Unsubscribe=One-Click`. */
const headersOf = ({ unsubscribeUrl }: EmailItem) => ({
  'Auto-Submitted': 'auto-generated',
  ...(unsubscribeUrl
    ? {
        'List-Unsubscribe': { prepared: true, value: `<${unsubscribeUrl}>` },
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      }
    : {}),
});

/** SMTP as a way to send e-mail. @throws AppError invalid when the URL is none */
export const createSmtpProvider = (options: SmtpOptions): EmailProvider => {
  const { from, timeoutMs, pace, onCall } = options;
  const transport = createTransport(options);
  const streams = new Map<string, Readable>();
  // Nothing of a message is read before the server has said "go ahead" to DATA: so this tells what can have arrived.
  transport.use('stream', (mail, done) => {
    const { message, data } = mail as unknown as Tracked;
    const create = message.createReadStream.bind(message);
    message.createReadStream = () => {
      const stream = create();
      if (data.messageId) streams.set(data.messageId, stream);
      return stream;
    };
    done();
  });

  const handOver = async (item: EmailItem): Promise<CallOutcome> => {
    try {
      const info = await transport.sendMail({
        from,
        to: { name: '', address: item.to },
        messageId: item.messageIdHeader,
        subject: item.subject,
        text: item.text,
        html: item.html,
        headers: headersOf(item),
        textEncoding: 'base64',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { kind: 'accepted', providerMessageId: info.messageId, providerStatus: null, costRial: null };
    } catch (error) {
      const begun = streams.get(item.messageIdHeader)?.readableDidRead ?? false;
      return outcomeOfFailure(error as SmtpFailure, begun);
    } finally {
      streams.delete(item.messageIdHeader);
    }
  };

  return {
    send: async (item) => {
      await pace();
      const startedMs = performance.now();
      const outcome = await handOver(item);
      const result = 'code' in outcome ? outcome.code : outcome.kind;
      onCall('smtp', result, (performance.now() - startedMs) / 1_000);
      return outcome;
    },
    close: () => transport.close(),
  };
};
