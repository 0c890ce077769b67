import { toLatinDigits } from '@vafa/kernel';
import { normalizeSms } from './sms-text.ts';

/** What a reply asks for: the law names 11 to leave a service line and 12 to join it again. */
export const readReply = (text: string): 'opt_out' | 'opt_in' | undefined => {
  const word = toLatinDigits(normalizeSms(text.slice(0, 200), 'fa'))
    .replace(/[\s\u200c.!،]/g, '')
    .toLowerCase();
  if (['11', 'لغو', 'لغو11', '11لغو', 'stop'].includes(word)) return 'opt_out';
  return word === '12' ? 'opt_in' : undefined;
};

/** A sender's number as E.164, or undefined when it is no number a customer could have. Iranian ones come in four forms. */
export const readSenderNumber = (text: string): string | undefined => {
  const digits = toLatinDigits(text.trim()).replace(/[\s-]/g, '');
  const iranian = /^(?:\+98|0098|98|0)?(9\d{9})$/.exec(digits);
  if (iranian) return `+98${iranian[1]}`;
  const foreign = /^(?:\+|00)([1-9]\d{6,14})$/.exec(digits);
  return foreign ? `+${foreign[1]}` : undefined;
};
