import { expect, test } from 'vitest';
import { normaliseEmail } from './normalise-email.ts';

test.each([
  [' Ann.Smith+x@EXAMPLE.com ', 'Ann.Smith+x@example.com'],
  ['sara@مثال.ایران', 'sara@xn--mgbh0fb.xn--mgba3a4f16a'],
  ["o'neil@mail.example.co.uk", "o'neil@mail.example.co.uk"],
])('%s is kept as %s', (given, expected) => {
  expect(normaliseEmail(given)).toBe(expected);
});

test.each([
  '',
  'a',
  'a@b',
  'a@@b.c',
  'a b@c.de',
  '.a@c.de',
  'a..b@c.de',
  'سارا@example.com',
  'a@1.2.3.4',
  'a@[1.2.3.4]',
  '"a b"@c.de',
  'a@c_d.de',
  'a@-c.de',
  'a@c.de\nBcc: x@y.de',
  `${'x'.repeat(65)}@c.de`,
  `a@${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(63)}.de`,
])('%j is refused', (given) => {
  expect(normaliseEmail(given)).toBeUndefined();
});
