import PostalMime, { type Address, decodeWords, type Email } from 'postal-mime';

/** An e-mail that the fake SMTP server accepted. */
export interface MailRecord {
  /** 1 for the first message of this sandbox. */
  number: number;
  acceptedAtMs: number;
  envelopeFrom: string;
  /** The recipients that were accepted, as the envelope named them. */
  envelopeTo: string[];
  /** As the header shows it, with the display name. */
  from: string;
  to: string[];
  subject: string;
  text: string;
  html?: string;
  /** The Message-ID header, angle brackets included; empty when there was none. */
  messageId: string;
  /** All headers in order, names in lower case, encoded words decoded. */
  headers: { name: string; value: string }[];
  sizeBytes: number;
}

const shown = (address: Address | undefined): string[] => {
  if (address === undefined) return [];
  if (address.group !== undefined) return address.group.flatMap(shown);
  return [address.name ? `${address.name} <${address.address}>` : address.address];
};

const unreadable = (raw: Buffer): Email => ({ headers: [], headerLines: [], attachments: [], text: raw.toString() });

/**
 * Reads a raw message. A message that is no proper MIME is kept too, as text: a test wants to see it, not to lose it.
 */
export const readMail = async (
  raw: Buffer,
  received: { number: number; acceptedAtMs: number; envelopeFrom: string; envelopeTo: string[] },
): Promise<MailRecord> => {
  const email = await PostalMime.parse(raw).catch(() => unreadable(raw));
  return {
    ...received,
    from: shown(email.from).join(', '),
    to: (email.to ?? []).flatMap(shown),
    subject: email.subject ?? '',
    text: email.text ?? '',
    ...(email.html === undefined ? {} : { html: email.html }),
    messageId: email.messageId ?? '',
    headers: email.headers.map(({ key, value }) => ({ name: key, value: decodeWords(value) })),
    sizeBytes: raw.length,
  };
};
