import { createHmac, timingSafeEqual } from 'node:crypto';

/** 128 bits of the signature: not to be guessed, and short enough for a link. */
const SIGNATURE_LENGTH = 22;

const signatureOf = (id: string, secret: string): string =>
  createHmac('sha256', secret).update(`unsubscribe:${id}`).digest('base64url').slice(0, SIGNATURE_LENGTH);

/** Names a message, and through it the customer, the channel and the purpose, in a way nobody else can make up. */
const unsubscribeToken = (messageId: number, secret: string): string => {
  const id = messageId.toString(36);
  return `${id}.${signatureOf(id, secret)}`;
};

/** The message a token names, or undefined when we did not make it. */
export const readUnsubscribeToken = (token: string, secret: string): number | undefined => {
  const match = /^([0-9a-z]{1,11})\.([\w-]{22})$/.exec(token);
  if (!match?.[1] || !match[2]) return undefined;
  const expected = Buffer.from(signatureOf(match[1], secret));
  if (!timingSafeEqual(expected, Buffer.from(match[2]))) return undefined;
  const id = Number.parseInt(match[1], 36);
  return Number.isSafeInteger(id) ? id : undefined;
};

export const unsubscribeUrl = (baseUrl: string, messageId: number, secret: string): string =>
  `${baseUrl.replace(/\/+$/, '')}/u/${unsubscribeToken(messageId, secret)}`;

/** Compares secrets without telling by the time it takes how much of them is right. */
export const isSameSecret = (given: string, expected: string): boolean => {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
};
