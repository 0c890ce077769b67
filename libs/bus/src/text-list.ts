import type { Fragment } from 'postgres';
import { textArray } from './array-literal.ts';
import type { Queryable } from './sql.ts';

/** Divides the values: a control character that neither JSON text nor any of our ids holds. */
const DIVIDER = '\u001c';
/** Stands for null. */
const NOTHING = '\u001b';

/**
 * An SQL expression that gives texts as `text[]`. They go over as one text, divided by a control character: nothing needs
 * escaping, and the server cuts it up at a quarter of what reading an array literal costs (measured with headers in JSON: 2.2
 * against 8.5 ms a thousand). Texts that hold the divider go over as an array literal.
 * Where all are null it is null: beside other lists, `unnest` makes nulls of it.
 */
export const textList = (db: Queryable, values: readonly (string | null)[]): Fragment => {
  if (values.every((value) => value === null)) return db`null::text[]`;
  const plain = values.every((value) => value === null || (value !== NOTHING && !value.includes(DIVIDER)));
  // One empty text, divided, would be no text.
  if (!plain || (values.length === 1 && values[0] === '')) return db`${textArray(values)}::text[]`;
  const joined = (values.includes(null) ? values.map((value) => value ?? NOTHING) : values).join(DIVIDER);
  return db`string_to_array(${joined}::text, e'\\x1c', e'\\x1b')`;
};
