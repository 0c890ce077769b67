import { domainToASCII } from 'node:url';

const MAX_LENGTH = 254;
const MAX_LOCAL = 64;
const LOCAL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * An e-mail address trimmed, its domain in lower case and ASCII (IDNA), or undefined when it can't be one. The part
 * before the @ is kept as it is: its case is the receiving server's business.
 */
export const normaliseEmail = (given: string): string | undefined => {
  const text = given.trim();
  if (text.length > MAX_LENGTH) return undefined;
  const at = text.lastIndexOf('@');
  if (at < 1) return undefined;
  const local = text.slice(0, at);
  if (
    local.length > MAX_LOCAL ||
    !LOCAL.test(local) ||
    local.startsWith('.') ||
    local.endsWith('.') ||
    local.includes('..')
  )
    return undefined;
  const domain = domainToASCII(text.slice(at + 1)).toLowerCase();
  const labels = domain.split('.');
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label)) || /^\d+$/.test(labels.at(-1) ?? ''))
    return undefined;
  const email = `${local}@${domain}`;
  return email.length > MAX_LENGTH ? undefined : email;
};
