interface Schema {
  type?: string | string[];
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  [keyword: string]: unknown;
}

/** Bounds that only narrow when they move the wrong way: +1 = a larger value narrows, -1 = a smaller one does. */
const BOUNDS: Readonly<Record<string, 1 | -1>> = {
  minimum: 1,
  exclusiveMinimum: 1,
  minLength: 1,
  minItems: 1,
  minProperties: 1,
  maximum: -1,
  exclusiveMaximum: -1,
  maxLength: -1,
  maxItems: -1,
  maxProperties: -1,
};

/**
 * What in `next` would refuse a payload that `previous` allowed, or take away what a reader relies on. Fields are only
 * ever added, as optional ones: all else is a new version.
 */
export const breakingChanges = (previous: Schema, next: Schema, path = ''): string[] => {
  const found: string[] = [];
  const at = path || '/';
  if (JSON.stringify(previous.type) !== JSON.stringify(next.type)) found.push(`${at}: type changed`);
  for (const name of next.required ?? []) {
    if (!previous.required?.includes(name)) found.push(`${path}/${name}: became required`);
  }
  for (const name of previous.required ?? []) {
    if (!next.required?.includes(name)) found.push(`${path}/${name}: was required, readers rely on it`);
  }
  for (const [name, schema] of Object.entries(previous.properties ?? {})) {
    const counterpart = next.properties?.[name];
    if (counterpart) found.push(...breakingChanges(schema, counterpart, `${path}/${name}`));
    else found.push(`${path}/${name}: removed`);
  }
  if (next.enum && !previous.enum) found.push(`${at}: enum added`);
  for (const value of previous.enum ?? []) {
    if (next.enum && !next.enum.includes(value)) found.push(`${at}: enum value ${JSON.stringify(value)} removed`);
  }
  for (const [bound, direction] of Object.entries(BOUNDS)) {
    const before = previous[bound] as number | undefined;
    const after = next[bound] as number | undefined;
    if (after !== undefined && (before === undefined || Math.sign(after - before) === direction))
      found.push(`${at}: ${bound} narrowed`);
  }
  for (const keyword of ['pattern', 'format', 'const'] as const) {
    if (next[keyword] !== undefined && next[keyword] !== previous[keyword]) found.push(`${at}: ${keyword} changed`);
  }
  if (previous.items && next.items) found.push(...breakingChanges(previous.items, next.items, `${path}/items`));
  if (JSON.stringify(previous.anyOf) !== JSON.stringify(next.anyOf)) found.push(`${at}: alternatives changed`);
  return found;
};
