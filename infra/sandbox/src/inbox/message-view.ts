import { type MessageStatus, messageStatusTexts } from '../sms/status-codes.ts';
import { type InboxMessage, recipientsOf } from './inbox.ts';

/** A message as `/messages` tells it. */
export interface MessageView {
  id: number;
  channel: 'sms' | 'email';
  /** RFC 3339, UTC. */
  receivedAt: string;
  to: string[];
  from: string;
  /** E-mail only. */
  subject?: string;
  text: string;
  /** E-mail only: whether `/messages/:id/html` has something to show. */
  hasHtml?: boolean;
  /** SMS: decimal digits; e-mail: the Message-ID header. */
  messageId: string;
  /** The headers that begin with `X-Vafa-`, names in lower case. */
  vafaHeaders: Record<string, string>;
  /** SMS only. */
  sms?: {
    localId?: string;
    status: MessageStatus;
    statusText: string;
    encoding: 'gsm7' | 'ucs2';
    parts: number;
    costRial: number;
    tag?: string;
  };
}

/** @param statusOf how far an SMS is now */
export const viewOf = (message: InboxMessage, statusOf: (messageId: number) => MessageStatus): MessageView => {
  const common = {
    id: message.id,
    receivedAt: new Date(message.receivedAtMs).toISOString(),
    to: recipientsOf(message),
  };
  if (message.channel === 'email') {
    const { from, subject, text, html, messageId, headers } = message.mail;
    const vafaHeaders = Object.fromEntries(
      headers.filter(({ name }) => name.startsWith('x-vafa-')).map(({ name, value }) => [name, value]),
    );
    return { ...common, channel: 'email', from, subject, text, hasHtml: html !== undefined, messageId, vafaHeaders };
  }
  const { messageId, sender, text, localId, encoding, parts, costRial, tag } = message.sms;
  const status = statusOf(messageId);
  const sms = {
    ...(localId === undefined ? {} : { localId }),
    ...(tag === undefined ? {} : { tag }),
    ...{ status, statusText: messageStatusTexts[status], encoding, parts, costRial },
  };
  return { ...common, channel: 'sms', from: sender, text, messageId: String(messageId), vafaHeaders: {}, sms };
};
