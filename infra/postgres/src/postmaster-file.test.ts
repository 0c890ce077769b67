import { expect, test } from 'vitest';
import { isServerOf, parsePostmasterFile } from './postmaster-file.ts';

test('the file of a running server is read', () => {
  const text = '4321\n/data\n1763767000\n5433\n\n127.0.0.1\n 2757001  42\nready   \n';
  expect(parsePostmasterFile(text)).toEqual({ pid: 4321, port: 5433, status: 'ready' });
});

test('a file that is being written has no status yet, an empty or strange one names no server', () => {
  expect(parsePostmasterFile('4321\n/data\n')).toEqual({ pid: 4321, port: 0, status: '' });
  expect(parsePostmasterFile('')).toBeUndefined();
  expect(parsePostmasterFile('-4321\n')).toBeUndefined();
});

test('a live process that works elsewhere is not the server of a folder', async ({ skip }) => {
  skip(process.platform !== 'linux', 'only Linux shows where a process works');
  expect(await isServerOf(process.pid, import.meta.dirname)).toBe(false);
  expect(await isServerOf(process.pid, process.cwd())).toBe(true);
});
