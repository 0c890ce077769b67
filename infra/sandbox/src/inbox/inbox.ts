import { createBoundedMap } from '../bounded-map.ts';
import type { MailRecord } from '../mail/mail-record.ts';
import type { SmsRecord } from '../sms/message-book.ts';

/** One message as the inbox shows it. `id` counts up from 1, over both channels, in order of arrival. */
export type InboxMessage = { id: number; receivedAtMs: number } & (
  | { channel: 'sms'; sms: SmsRecord }
  | { channel: 'email'; mail: MailRecord }
);

export type Channel = InboxMessage['channel'];

/** What to list. */
export interface InboxFilter {
  channel?: Channel | undefined;
  /** A part of a recipient's address, or a phone number in any of its spellings. */
  to?: string | undefined;
  /** 100 unless given. */
  limit?: number | undefined;
}

export interface Inbox {
  addSms(sms: SmsRecord): void;
  addMail(mail: MailRecord): void;
  /** Newest first. */
  list(filter?: InboxFilter): InboxMessage[];
  /** How many messages of the filter are kept (its limit left aside). */
  count(filter?: InboxFilter): number;
  get(id: number): InboxMessage | undefined;
  clear(): void;
}

/** Recipients of a message; of an e-mail, those of its envelope. */
export const recipientsOf = (message: InboxMessage): string[] =>
  message.channel === 'sms' ? [message.sms.receptor] : message.mail.envelopeTo;

const nationalDigits = 10;

/** `09121234567`, `+98 912 123 4567` and `00989121234567` name one phone: only the national digits are compared. */
const phoneDigits = (text: string): string | undefined => {
  if (!/^[+\d\s()-]+$/.test(text)) return undefined;
  const digits = text.replace(/\D/g, '');
  return digits.length >= nationalDigits ? digits.slice(-nationalDigits) : undefined;
};

const recipientTest = (to: string | undefined): ((message: InboxMessage) => boolean) => {
  const wanted = to?.trim().toLowerCase();
  if (!wanted) return () => true;
  const digits = phoneDigits(wanted);
  return (message) =>
    recipientsOf(message).some(
      (recipient) =>
        recipient.toLowerCase().includes(wanted) ||
        (digits !== undefined && recipient.replace(/\D/g, '').endsWith(digits)),
    );
};

// Two bytes per character at the most, plus the objects around them.
const bytesOf = (message: InboxMessage): number =>
  message.channel === 'sms'
    ? 500 + 2 * message.sms.text.length
    : 1_000 + 2 * (message.mail.text.length + (message.mail.html?.length ?? 0)) + message.mail.headers.length * 100;

/** Keeps the newest messages of both channels; the oldest fall out beyond either limit. */
export const createInbox = (options: { limitCount: number; limitBytes: number }): Inbox => {
  const messages = createBoundedMap<number, InboxMessage>({ ...options, bytesOf });
  let lastId = 0;

  const matching = (filter: InboxFilter): InboxMessage[] => {
    const toRecipient = recipientTest(filter.to);
    return [...messages.values()].filter(
      (message) => (filter.channel === undefined || message.channel === filter.channel) && toRecipient(message),
    );
  };
  const add = (message: InboxMessage) => messages.set(message.id, message);

  return {
    addSms: (sms) => add({ id: ++lastId, receivedAtMs: sms.acceptedAtMs, channel: 'sms', sms }),
    addMail: (mail) => add({ id: ++lastId, receivedAtMs: mail.acceptedAtMs, channel: 'email', mail }),
    list: (filter = {}) =>
      matching(filter)
        .reverse()
        .slice(0, filter.limit ?? 100),
    count: (filter = {}) => matching(filter).length,
    get: messages.get,
    clear: messages.clear,
  };
};
