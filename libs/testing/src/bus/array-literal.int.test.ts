import { plainArray, type Sql, sparseArray, textArray, textList } from '@vafa/bus';
import { openSql } from '@vafa/platform';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';

let sql: Sql;

beforeAll(() => {
  sql = openSql({ url: givenPostgres().adminUrl, max: 1, name: 'vafa-test-arrays' });
});
afterAll(() => sql.end());

// Rows, not arrays, are read back: postgres.js's own parser of arrays takes NULL for a word.
const back = async (
  literal: string,
  type: 'text' | 'jsonb' | 'bigint' | 'uuid' | 'timestamptz',
): Promise<unknown[]> => {
  const rows = await sql<{ value: unknown }[]>`
    select value from unnest(${literal}::${sql.unsafe(`${type}[]`)}) with ordinality as u (value, n) order by n`;
  return rows.map(({ value }) => value);
};

test('any text arrives as it was', async () => {
  const text = fc.string({ unit: 'binary' }).map((drawn) => drawn.replaceAll('\0', ''));
  const hard = fc.constantFrom(
    '\u001b',
    '\u001c',
    'a\u001cb',
    '',
    'NULL',
    'null',
    '"',
    '\\',
    '\\"',
    '{}',
    '{a,b}',
    ',',
    ' ',
    "'",
    '$1',
    '\n',
  );
  const values = fc.array(fc.option(fc.oneof(text, hard)), { maxLength: 20, size: 'max' });
  await fc.assert(
    fc.asyncProperty(values, async (drawn) => {
      expect(await back(textArray(drawn), 'text')).toEqual(drawn);
      const whole = await sql<{ value: unknown }[]>`
        select value from unnest(${textList(sql, drawn)}) with ordinality as u (value, n) order by n`;
      // Nulls alone are no list: beside another list they are nulls.
      expect(whole.map(({ value }) => value)).toEqual(drawn.every((value) => value === null) ? [] : drawn);
    }),
    { numRuns: 200 },
  );
});

test('JSON inside of text is JSON again', async () => {
  const lines = [{ 'a"b\\c': [1, 2] }, {}, { ü: ['"'] }];
  expect(await back(textArray(lines.map((each) => JSON.stringify(each))), 'jsonb')).toEqual(lines);
});

test('numbers, ids and instants need no quotes', async () => {
  const numbers = [1, -5, null, Number.MAX_SAFE_INTEGER];
  expect(await back(plainArray(numbers), 'bigint')).toEqual(numbers);
  const ids = ['01890000-0000-7000-8000-000000000000', null];
  expect(await back(plainArray(ids), 'uuid')).toEqual(ids);
  expect(await back(plainArray(['2026-11-21T08:00:00.123Z', null]), 'timestamptz')).toEqual([
    '2026-11-21 08:00:00.123+00',
    null,
  ]);
  expect(await back(plainArray([]), 'text')).toEqual([]);
  expect(sparseArray([null, null])).toBeNull();
  expect(sparseArray([null, 1])).toBe(plainArray([null, 1]));
});
