/** A call's parameters, of the query and of the form body together. */
export type Parameters = ReadonlyMap<string, string>;

/**
 * Joins query and form. Names are as the API documents them, and an unknown name is ignored, as it is there: that is
 * how `localmessageid` in place of `localmessageids` silently loses the protection against sending twice.
 * @returns undefined when a name comes twice: the npm client writes arrays so, and the API wants csv or JSON
 */
export const readParameters = (query: unknown, body: unknown): Parameters | undefined => {
  const parameters = new Map<string, string>();
  for (const source of [query, body]) {
    if (typeof source !== 'object' || source === null) continue;
    for (const [name, value] of Object.entries(source)) {
      if (typeof value !== 'string' || parameters.has(name)) return undefined;
      parameters.set(name, value);
    }
  }
  return parameters;
};

/** The values of a comma-separated list; none when the parameter is absent or empty. */
export const readCsv = (text: string | undefined): string[] =>
  text === undefined || text === '' ? [] : text.split(',').map((value) => value.trim());

/** The values of a JSON array of strings and numbers; none when absent or empty, undefined when it is something else. */
export const readJsonArray = (text: string | undefined): string[] | undefined => {
  if (text === undefined || text === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What is no JSON is refused with a status by the caller, like an array of the wrong things.
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const simple = value.every((item) => typeof item === 'string' || Number.isSafeInteger(item));
  return simple ? value.map(String) : undefined;
};

/** Decimal digits that fit a signed 64-bit integer, as message ids and localids are. */
export const isInt64 = (text: string): boolean =>
  /^(?:0|[1-9]\d{0,18})$/.test(text) && BigInt(text) <= 9_223_372_036_854_775_807n;
