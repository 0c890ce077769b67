import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

// By address: plain JavaScript without types, since it runs before there is anything to check them.
const { installedStamp, isInPlace, workspaceFolders } = await import(
  new URL('./installed-stamp.mjs', import.meta.url).href
);

let root: string;

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(join(root, path, '..'), { recursive: true });
  await writeFile(join(root, path), text);
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vafa-setup-'));
  await write('package.json', '{}');
  await write('pnpm-lock.yaml', 'lockfileVersion: 9');
  await write(
    'pnpm-workspace.yaml',
    `packages:\n  # libraries\n  - libs/*\n  - 'infra/one'   # by name\nallowBuilds:\n  - no/*\n`,
  );
  await write('libs/b/package.json', '{"dependencies":{"x":"1"}}');
  await write('libs/a/package.json', '{}');
  await write('libs/README.md', 'not a package');
  await write('infra/one/package.json', '{}');
  await write('infra/two/package.json', '{}');
  await write('infra/patches/x@1.patch', '+fix');
});

afterEach(() => rm(root, { recursive: true, force: true }));

test('the packages of the workspace are found, and nothing else', () => {
  expect(workspaceFolders(root)).toEqual(['infra/one', 'libs/a', 'libs/b']);
});

test.each([
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'libs/a/package.json',
  'libs/c/package.json',
  'infra/patches/x@1.patch',
])('a change of %s changes the stamp', async (path) => {
  const before = installedStamp(root, 'pnpm');
  expect(installedStamp(root, 'pnpm')).toBe(before);
  await write(path, '{"version":"2"}\npackages:\n');
  expect(installedStamp(root, 'pnpm')).not.toBe(before);
});

test('another package manager or machine changes the stamp, another source file does not', async () => {
  const before = installedStamp(root, 'pnpm');
  expect(installedStamp(root, 'pnpm 2')).not.toBe(before);
  await write('libs/a/src/index.ts', '');
  await write('infra/two/package.json', '{"version":"2"}');
  expect(installedStamp(root, 'pnpm')).toBe(before);
});

test('an installation that lost Node or the folder of a package is not in place', async () => {
  await write('node_modules/.bin/node', '');
  expect(isInPlace(root)).toBe(false);
  await write('libs/b/node_modules/x/package.json', '{}');
  expect(isInPlace(root)).toBe(true);
  await rm(join(root, 'node_modules'), { recursive: true });
  expect(isInPlace(root)).toBe(false);
});
