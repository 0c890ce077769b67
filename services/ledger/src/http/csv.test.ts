import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cell, csvCells, csvLine } from './csv.ts';

/** Reads a line as RFC 4180 says. */
const read = (line: string): string[] => {
  const cells: string[] = [];
  let rest = line.slice(0, -2);
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(,|$)/.exec(rest);
    const plain = /^([^,]*)(,|$)/.exec(rest);
    const [all = '', cell = '', end = ''] = quoted ?? plain ?? [];
    cells.push(quoted ? cell.replaceAll('""', '"') : cell);
    rest = rest.slice(all.length);
    if (end === '') return cells;
  }
};

test('quotes where it must and ends lines as RFC 4180 says', () => {
  expect(csvLine(['a', 'b,c', 'd "e"', 'f\ng', null, undefined, 5, -5, true])).toBe(
    'a,"b,c","d ""e""","f\ng",,,5,-5,true\r\n',
  );
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1', '=HYPERLINK("http://x";"y")'])(
  '%j is no formula any more',
  (text) => expect(read(csvLine([text]))).toEqual([`'${text}`]),
);

test('numbers keep their sign: they are no text that somebody chose', () => {
  expect(csvLine([-12, '-12'])).toBe("-12,'-12\r\n");
});

test('whatever is written is read again', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (texts) => {
      const told = texts.map((text) => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text));
      expect(read(csvLine(texts as Cell[]))).toEqual(told);
    }),
  );
});

test('whatever is written on one line is read again', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((each) => !/[\r\n]/.test(each) && each === each.trim());
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
      const told = texts.map((each) => (/^[=+\-@＝＋－＠]/.test(each) ? `'${each}` : each));
      expect(csvCells(csvLine(texts).slice(0, -2))).toEqual(told);
    }),
  );
});

test.each([
  ['a, b ,"c"', ['a', 'b', 'c']],
  ['', ['']],
  [',', ['', '']],
  [' "a, ""b""" ,', ['a, "b"', '']],
  ['"', undefined],
  ['"a', undefined],
  ['"a""', undefined],
  ['"a"b', undefined],
  ['a"b', undefined],
  ['a,"b,c', undefined],
])('the cells of %j', (line, cells) => expect(csvCells(line)).toEqual(cells));
