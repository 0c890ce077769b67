/**
 * Array literals made by hand. postgres.js passes a string for an array parameter on as it is; its own serializer runs two
 * regular expressions over every element, which was a third of the time this process spends on booking.
 */

/** Of values that need no quotes: numbers, UUIDs, ISO instants, our own words; never of text that somebody else chose. */
export const plainArray = (values: readonly (string | number | boolean | null)[]): string =>
  `{${(values.includes(null) ? values.map((value) => value ?? 'NULL') : values).join(',')}}`;

/** As `plainArray`; null where all values are: `unnest` gives nulls then, and nothing is sent or read. */
export const sparseArray = (values: readonly (string | number | null)[]): string | null =>
  values.every((value) => value === null) ? null : plainArray(values);

const NEEDS_ESCAPE = /["\\]/;

/** Of any text. */
export const textArray = (values: readonly (string | null)[]): string => {
  let literal = '';
  for (const value of values) {
    const comma = literal === '' ? '' : ',';
    if (value === null) literal += `${comma}NULL`;
    else literal += `${comma}"${NEEDS_ESCAPE.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
  }
  return `{${literal}}`;
};
