/** One difference between two JSON values. */
export interface Difference {
  /** JSON pointer, where the members of lists that have an `id` (or a `currency`) are named by it, e.g. `/rules/weekend/effect`. */
  path: string;
  /** Absent: it is new. */
  before?: unknown;
  /** Absent: it is gone. */
  after?: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a list's member is called for ever, however the list is ordered. */
const nameOf = (member: unknown): string | undefined => {
  if (!isFields(member)) return undefined;
  const name = member.id ?? member.currency;
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined;
};

/** Members by name; undefined where one has none, or two have the same. */
const byName = (list: readonly unknown[]): Map<string, unknown> | undefined => {
  const named = new Map<string, unknown>();
  for (const member of list) {
    const name = nameOf(member);
    if (name === undefined || named.has(name)) return undefined;
    named.set(name, member);
  }
  return named;
};

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const compareMaps = (
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  path: string,
): Difference[] =>
  [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const place = `${path}/${escaped(name)}`;
    if (!after.has(name)) return [{ path: place, before: before.get(name) }];
    if (!before.has(name)) return [{ path: place, after: after.get(name) }];
    return compare(before.get(name), after.get(name), place);
  });

const compareLists = (before: readonly unknown[], after: readonly unknown[], path: string): Difference[] => {
  const [named, namedAfter] = [byName(before), byName(after)];
  if (named && namedAfter) {
    const kept = (names: Iterable<string>): string[] => [...names].filter((n) => named.has(n) && namedAfter.has(n));
    const [order, orderAfter] = [kept(named.keys()), kept(namedAfter.keys())];
    // The order of rules says which is looked at first: it is a difference of its own.
    const moved = order.join('\n') === orderAfter.join('\n') ? [] : [{ path, before: order, after: orderAfter }];
    return [...compareMaps(named, namedAfter, path), ...moved];
  }
  const numbered = (list: readonly unknown[]): Map<string, unknown> =>
    new Map(list.map((member, i) => [String(i), member]));
  return compareMaps(numbered(before), numbered(after), path);
};

const compare = (before: unknown, after: unknown, path: string): Difference[] => {
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path);
  if (isFields(before) && isFields(after))
    return compareMaps(new Map(Object.entries(before)), new Map(Object.entries(after)), path);
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
};

/** What differs between two JSON values, deepest first where both sides have something to compare. Empty = the same. */
export const differencesBetween = (before: unknown, after: unknown): Difference[] => compare(before, after, '');
