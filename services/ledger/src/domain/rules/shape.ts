import type { FieldProblem } from '@vafa/kernel';
import { MAX_LIST_VALUES } from './rule.ts';

/** Says what is wrong with a value at a place; `path` is its JSON pointer. */
export type Check = (value: unknown, path: string) => FieldProblem[];

const MAX_TEXT = 128;

const problem = (path: string, message: string): FieldProblem[] => [{ path, message }];

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What Postgres can't keep as text: NUL and halves of characters. */
const UNKEEPABLE = /[\0\p{Cs}]/u;

export const text: Check = (value, path) =>
  typeof value === 'string' && value.length >= 1 && value.length <= MAX_TEXT && !UNKEEPABLE.test(value)
    ? []
    : problem(path, `must be a text of 1 to ${MAX_TEXT} characters`);

export const integer =
  (least: number, most: number): Check =>
  (value, path) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? []
      : problem(path, `must be a whole number, ${least} to ${most}`);

export const number: Check = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? [] : problem(path, 'must be a number');

export const oneOf =
  (values: readonly string[]): Check =>
  (value, path) =>
    typeof value === 'string' && values.includes(value) ? [] : problem(path, `must be one of ${values.join(', ')}`);

export const attributeValue: Check = (value, path) =>
  ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)
    ? []
    : problem(path, 'must be a text, a number or true or false');

export const listOf =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length === 0) return problem(path, 'must list one value at least');
    if (value.length > MAX_LIST_VALUES) return problem(path, `lists more than ${MAX_LIST_VALUES} values`);
    return value.flatMap((each, i) => check(each, `${path}/${i}`));
  };

/** Fields of an object; names that end in `?` may be missing. Others than these are refused. */
export const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (!isRecord(value)) return problem(path, 'must be an object');
    const known = new Map(Object.entries(checks).map(([name, check]) => [name.replace('?', ''), { name, check }]));
    const unknown = Object.keys(value).filter((name) => !known.has(name));
    return [
      ...unknown.map((name) => ({ path: `${path}/${name}`, message: 'is not known here' })),
      ...[...known].flatMap(([field, { name, check }]) => {
        if (value[field] !== undefined) return check(value[field], `${path}/${field}`);
        return name.endsWith('?') ? [] : problem(`${path}/${field}`, 'is missing');
      }),
    ];
  };

/** Objects whose fields depend on a word in one of them. */
export const byWord =
  (field: string, kinds: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check =>
  (value, path) => {
    if (!isRecord(value)) return problem(path, 'must be an object');
    const word = value[field];
    if (typeof word !== 'string' || !Object.hasOwn(kinds, word))
      return problem(`${path}/${field}`, `must be one of ${Object.keys(kinds).join(', ')}`);
    return fields({ [field]: text, ...kinds[word] })(value, path);
  };
