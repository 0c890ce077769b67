import { describe, expect, test } from 'vitest';
import { readReply, readSenderNumber } from './inbound-sms.ts';
import { needsSuffix, normalizeSms, withSuffix } from './sms-text.ts';

describe('texts on their way out', () => {
  test.each([
    ['Arabic letters become Persian', 'كيف', 'fa', 'کیف'],
    ['but not in an Arabic text', 'كيف', 'ar', 'كيف'],
    ['invisible direction marks go', '\u200eabc\u202edef\u2066\ufeff', 'en', 'abcdef'],
    ['the joiner that Persian needs stays', 'می\u200cشود', 'fa', 'می\u200cشود'],
    ['line ends and tabs', ' a\r\nb\tc\rd \n', 'en', 'a\nb c\nd'],
    ['control characters go', 'a\u0007b\u0000', 'en', 'ab'],
  ])('%s', (_name, text, locale, expected) => {
    expect(normalizeSms(text, locale)).toBe(expected);
  });

  test('the word that stops the line, once', () => {
    expect(withSuffix('سلام')).toBe('سلام\nلغو11');
    expect(withSuffix('سلام\nلغو11')).toBe('سلام\nلغو11');
  });

  test.each([
    ['promotional', 'fa', true],
    ['service', 'fa-IR', true],
    ['transactional', 'fa', false],
    ['otp', 'fa', false],
    ['promotional', 'en', false],
  ] as const)('%s in %s: %s', (purpose, locale, needed) => {
    expect(needsSuffix(purpose, locale)).toBe(needed);
  });
});

describe('texts that come in', () => {
  test.each([
    ['11', 'opt_out'],
    ['۱۱', 'opt_out'],
    ['١١', 'opt_out'],
    [' لغو ', 'opt_out'],
    ['لغو۱۱', 'opt_out'],
    ['لغو 11', 'opt_out'],
    ['STOP', 'opt_out'],
    ['12', 'opt_in'],
    ['۱۲.', 'opt_in'],
    ['111', undefined],
    ['سفارش 11 لغو شود', undefined],
    ['', undefined],
  ])('"%s" means %s', (text, meaning) => {
    expect(readReply(text)).toBe(meaning);
  });

  test.each([
    ['09121234567', '+989121234567'],
    ['9121234567', '+989121234567'],
    ['989121234567', '+989121234567'],
    ['+98 912 123 4567', '+989121234567'],
    ['0098۹۱۲۱۲۳۴۵۶۷', '+989121234567'],
    ['004915112345678', '+4915112345678'],
    ['10008663', undefined],
    ['Bank', undefined],
  ])('%s is %s', (text, number) => {
    expect(readSenderNumber(text)).toBe(number);
  });
});
