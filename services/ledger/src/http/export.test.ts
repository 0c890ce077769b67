import { expect, test } from 'vitest';
import { EXPORT_PAGE_ROWS, pagesOf } from './export.ts';

test.each([
  [0, 1],
  [EXPORT_PAGE_ROWS - 1, 1],
  [EXPORT_PAGE_ROWS, 2],
  [EXPORT_PAGE_ROWS + 1, 2],
  [2 * EXPORT_PAGE_ROWS + 5, 3],
])('a file of %d rows has each of them once, read by %d pages', async (count, asked) => {
  const rows = Array.from({ length: count }, (_, i) => i + 1);
  const cursors: number[] = [];
  const read = async (after: number, limit: number): Promise<number[]> => {
    cursors.push(after);
    return rows.slice(after, after + limit);
  };
  expect((await Array.fromAsync(pagesOf(0, read, (last) => last))).flat()).toEqual(rows);
  expect(cursors).toEqual(Array.from({ length: asked }, (_, i) => i * EXPORT_PAGE_ROWS));
});

test('one that is resumed begins after its cursor', async () => {
  const read = async (after: number): Promise<number[]> => [after + 1];
  expect(await Array.fromAsync(pagesOf(7, read, (last) => last))).toEqual([[8]]);
});
