import { expect, test } from 'vitest';
import { parseAccount } from './server-account.ts';

const passwd = (...names: string[]) =>
  [
    'root:x:0:0:root:/root:/bin/sh',
    'toor:x:0:0::/root:',
    ...names.map((name, index) => `${name}:x:${index + 7}:${index + 70}::/:`),
    '',
  ].join('\n');

test('the user postgres is chosen first, then nobody, then anybody but root', () => {
  expect(parseAccount(passwd('ali', 'nobody', 'postgres'))).toEqual({ uid: 9, gid: 72 });
  expect(parseAccount(passwd('ali', 'nobody'))).toEqual({ uid: 8, gid: 71 });
  expect(parseAccount(passwd('ali'))).toEqual({ uid: 7, gid: 70 });
  expect(parseAccount(passwd())).toBeUndefined();
});
