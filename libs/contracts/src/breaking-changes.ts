interface Schema {
  type?: string | string[];
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
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

/** Words for people: they change nothing. */
const ANNOTATIONS = ['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples', 'deprecated'];
const COMPARED = ['type', 'required', 'properties', 'patternProperties', 'additionalProperties', 'items', 'enum'];
/** Adding or changing one of these may refuse what was allowed; taking one away never does. */
const REFUSING = ['pattern', 'format', 'const', 'multipleOf', 'uniqueItems'];
const KNOWN = new Set([...ANNOTATIONS, ...COMPARED, ...REFUSING, ...Object.keys(BOUNDS)]);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * What in `next` would refuse a payload that `previous` allowed, or take away what a reader relies on. Fields are only
 * ever added, as optional ones: all else is a new version. A keyword that is not known here counts as breaking when it
 * changes, so that nothing new slips through.
 */
export const breakingChanges = (previous: Schema, next: Schema, path = ''): string[] => [
  ...changedValue(previous, next, path || '/'),
  ...changedFields(previous, next, path),
];

const changedValue = (previous: Schema, next: Schema, at: string): string[] => {
  const found: string[] = [];
  if (!same(previous.type, next.type)) found.push(`${at}: type changed`);
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
  for (const keyword of REFUSING) {
    if (next[keyword] !== undefined && !same(next[keyword], previous[keyword])) found.push(`${at}: ${keyword} changed`);
  }
  for (const keyword of new Set([...Object.keys(previous), ...Object.keys(next)])) {
    if (!KNOWN.has(keyword) && !same(previous[keyword], next[keyword])) found.push(`${at}: ${keyword} changed`);
  }
  return found;
};

const changedFields = (previous: Schema, next: Schema, path: string): string[] => {
  const found: string[] = [];
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
  for (const [pattern, schema] of Object.entries(next.patternProperties ?? {})) {
    const before = previous.patternProperties?.[pattern];
    if (before) found.push(...breakingChanges(before, schema, `${path}/*`));
    else found.push(`${path}/*: fields are constrained now`);
  }
  found.push(...changedRest(previous.additionalProperties ?? true, next.additionalProperties ?? true, `${path}/*`));
  if (next.items)
    found.push(
      ...(previous.items
        ? breakingChanges(previous.items, next.items, `${path}/items`)
        : [`${path}/items: items are constrained now`]),
    );
  return found;
};

/** Fields that are not named: anything may become a schema's worth of values, but never the other way round. */
const changedRest = (previous: boolean | Schema, next: boolean | Schema, path: string): string[] => {
  if (next === true || previous === false || same(previous, next)) return [];
  if (typeof previous === 'object' && typeof next === 'object') return breakingChanges(previous, next, path);
  return [`${path}: further fields are constrained now`];
};
