import { expect, it } from 'vitest';
import { intoPage } from './report.ts';

const PAGE = 'before\n<!-- begin: npm run bench -->\nold\n<!-- end: npm run bench -->\nafter\n';

it('replaces the last run and keeps what people wrote around it', () => {
  const page = intoPage(PAGE, 'new');
  expect(page).toBe('before\n<!-- begin: npm run bench -->\nnew\n<!-- end: npm run bench -->\nafter\n');
  expect(intoPage(page, 'new')).toBe(page);
});

it('refuses a page without its marks rather than losing it', () => {
  expect(() => intoPage('a page', 'new')).toThrow('lacks the marks');
});
