import { expect, it } from 'vitest';
import { readReceptor } from './receptor.ts';

it.each(['09121234567', '9121234567', '989121234567', '+989121234567', '00989121234567'])('reads %s', (text) => {
  expect(readReceptor(text)).toBe('09121234567');
});

it('reads numbers of other countries', () => {
  expect(readReceptor('0014155550123')).toBe('0014155550123');
  expect(readReceptor('+14155550123')).toBe('0014155550123');
});

// A blank is what an unescaped + of a form becomes.
it.each(['', '0912123456', '091212345678', ' 989121234567', '۰۹۱۲۱۲۳۴۵۶۷', '+982112345678', 'x'])(
  'refuses "%s"',
  (text) => {
    expect(readReceptor(text)).toBeUndefined();
  },
);
