import type { Condition, ConditionOp, Scalar } from './campaign.ts';

/** What a field of an event holds; 'any' for the shop's own attributes. */
export type FieldKind = 'string' | 'number' | 'boolean' | 'any';

const ATTRIBUTE = 'attributes.';
const ORDERED: ReadonlySet<ConditionOp> = new Set(['gt', 'gte', 'lt', 'lte']);

const kindOf = (value: Scalar): FieldKind => typeof value as 'string' | 'number' | 'boolean';

/**
 * What is wrong with a condition against the fields of its event, or nothing. `fields` has `attributes.*` as 'any' when
 * the event carries attributes.
 */
export const conditionProblem = (condition: Condition, fields: ReadonlyMap<string, FieldKind>): string | undefined => {
  const { field, op, value } = condition;
  const kind =
    field.startsWith(ATTRIBUTE) && field.length > ATTRIBUTE.length ? fields.get(`${ATTRIBUTE}*`) : fields.get(field);
  if (!kind || field === `${ATTRIBUTE}*`) return `field "${field}" is not one of: ${[...fields.keys()].join(', ')}`;
  if (op === 'in' && !Array.isArray(value)) return 'op "in" needs a list of values';
  if (op !== 'in' && Array.isArray(value)) return `op "${op}" needs one value, not a list`;
  const values = Array.isArray(value) ? value : [value];
  if (values.length === 0) return 'needs at least one value';
  if (ORDERED.has(op) && (kind === 'string' || kind === 'boolean' || values.some((each) => kindOf(each) !== 'number')))
    return `op "${op}" compares numbers`;
  if (kind !== 'any' && values.some((each) => kindOf(each) !== kind)) return `field "${field}" holds a ${kind}`;
  return undefined;
};

/** A field of the data; own properties only, so that no inherited name is mistaken for data. */
const fieldOf = (data: Readonly<Record<string, unknown>>, field: string): unknown => {
  if (!field.startsWith(ATTRIBUTE)) return Object.hasOwn(data, field) ? data[field] : undefined;
  const attributes = Object.hasOwn(data, 'attributes') ? data.attributes : undefined;
  const name = field.slice(ATTRIBUTE.length);
  return typeof attributes === 'object' && attributes !== null && Object.hasOwn(attributes, name)
    ? (attributes as Record<string, unknown>)[name]
    : undefined;
};

const holds = ({ op, value }: Condition, actual: unknown): boolean => {
  switch (op) {
    case 'eq':
      return actual === value;
    case 'ne':
      return actual !== value;
    case 'in':
      return (value as Scalar[]).includes(actual as Scalar);
    default:
      return typeof actual === 'number' && compares(op, actual, value as number);
  }
};

const compares = (op: 'gt' | 'gte' | 'lt' | 'lte', actual: number, value: number): boolean => {
  if (op === 'gt') return actual > value;
  if (op === 'gte') return actual >= value;
  if (op === 'lt') return actual < value;
  return actual <= value;
};

/**
 * Do all conditions hold of an event's data? A field that is absent is unequal to every value and neither above nor below
 * any number.
 */
export const conditionsHold = (conditions: readonly Condition[], data: Readonly<Record<string, unknown>>): boolean =>
  conditions.every((condition) => holds(condition, fieldOf(data, condition.field)));
