import { expect, test } from 'vitest';

// By address: plain JavaScript without types, since it runs before there is anything to check them.
const { explainInstallFailure } = await import(new URL('./explain-install-failure.mjs', import.meta.url).href);

const explain = (output: string): string | undefined => explainInstallFailure(output, '/vafa', 'pnpm@1.2.3');

test.each([
  ['npm error code ENOTFOUND', /registry cannot be reached \(ENOTFOUND\)/],
  [
    '  ├─▶ tcp connect error\n  ╰─▶ Connection\n      refused (os error 111)',
    /registry cannot be reached \(Connection refused\)/,
  ],
  ['npm error code UNABLE_TO_VERIFY_LEAF_SIGNATURE', /registry cannot be reached \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/],
  ['files/4b/9e284": No\n      space left on device (os error 28)', /disk is full/],
  ['npm error code ENOSPC', /disk is full/],
  ['Error: ERR_PNPM_OUTDATED_LOCKFILE', /run "npx --yes pnpm@1\.2\.3 install"/],
  ['npm error code E401', /refuses access/],
  ['npm error code E404', /lacks a package/],
  ['npm error code EACCES\nnpm error syscall mkdir', /may not write .* \/vafa\/node_modules/],
])('what npm and pnpm say becomes one line, case %$', (output, line) => {
  expect(explain(output)).toMatch(line);
  expect(explain(output)).not.toContain('\n');
});

test('a failure that is not known is not guessed at', () => {
  expect(explain('Error: preinstall of something exited with 3')).toBeUndefined();
});
