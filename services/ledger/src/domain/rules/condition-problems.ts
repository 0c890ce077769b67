import { CURRENCIES, LIFECYCLE_STATES } from '@vafa/contracts';
import type { FieldProblem } from '@vafa/kernel';
import type { CalendarZone } from '../calendar.ts';
import { createLocalTime, type LocalTime } from './local-time.ts';
import {
  type Condition,
  MAX_CAP,
  MAX_CONDITION_DEPTH,
  MAX_CONDITION_NODES,
  type Test,
  type Trigger,
  WEEKDAYS,
} from './rule.ts';
import { segmentId } from './segment-id.ts';
import { attributeValue, byWord, type Check, fields, integer, isRecord, listOf, number, oneOf, text } from './shape.ts';

const MAX_COUNT = 1_000_000_000;

const currency: Check = (value, path) =>
  typeof value === 'string' && CURRENCIES.includes(value) ? [] : [{ path, message: 'must be an ISO 4217 code' }];
const texts = listOf(text);
const minor = integer(0, MAX_CAP);
const size = integer(0, MAX_COUNT);
const match = { 'sku?': texts, 'category?': texts, 'brand?': texts, 'label?': texts };
export const lineFilter: Check = fields({ ...match, 'except?': fields(match) });
const attribute = { name: text, 'in?': listOf(attributeValue), 'atLeast?': number, 'atMost?': number };
/** Whether the month has the day is not asked: one that it lacks is its last. */
const monthAndDay = fields({ month: integer(1, 12), day: integer(1, 31) });

const TESTS = {
  order_total: { currency, 'atLeastMinor?': minor, 'atMostMinor?': minor },
  order_currency: { in: listOf(currency) },
  order_store: { in: texts },
  order_channel: { in: texts },
  order_lines: { 'atLeast?': size, 'atMost?': size },
  any_line: { lines: lineFilter },
  all_lines: { lines: lineFilter },
  lines_amount: { lines: lineFilter, currency, 'atLeastMinor?': minor, 'atMostMinor?': minor },
  lines_quantity: { lines: lineFilter, 'atLeast?': size, 'atMost?': size },
  customer_tier: { in: texts },
  customer_segment: { in: listOf(segmentId('customer_lifecycle')) },
  customer_lifecycle: { in: listOf(oneOf(LIFECYCLE_STATES)) },
  customer_attribute: attribute,
  event_attribute: attribute,
  weekday: { in: listOf(oneOf(WEEKDAYS)) },
  hours: { fromHour: integer(0, 23), untilHour: integer(1, 24) },
  dates: { 'from?': text, 'until?': text },
  every_year: { firstDay: monthAndDay, lastDay: monthAndDay },
} as const satisfies Record<Test['kind'], Readonly<Record<string, Check>>>;

export const TEST_KINDS = Object.keys(TESTS) as Test['kind'][];

const testShape = byWord('kind', TESTS);

/** Pairs of bounds: at least one is given, and the lower is not above the upper. */
const boundProblems = (test: Test, path: string): FieldProblem[] => {
  const bounds = test as { atLeast?: number; atMost?: number; atLeastMinor?: number; atMostMinor?: number };
  const [least, most] = [bounds.atLeast ?? bounds.atLeastMinor, bounds.atMost ?? bounds.atMostMinor];
  const name = 'atLeastMinor?' in TESTS[test.kind] ? ['atLeastMinor', 'atMostMinor'] : ['atLeast', 'atMost'];
  const given = least !== undefined || most !== undefined || 'in' in test;
  if (!given) return [{ path, message: `needs ${name.join(' or ')}` }];
  return least !== undefined && most !== undefined && least > most
    ? [{ path: `${path}/${name[1]}`, message: `must not be below ${name[0]}` }]
    : [];
};

const dateProblems = (test: Extract<Test, { kind: 'dates' }>, path: string, time: LocalTime): FieldProblem[] => {
  if (test.from === undefined && test.until === undefined) return [{ path, message: 'needs from or until' }];
  const problems: FieldProblem[] = [];
  for (const name of ['from', 'until'] as const) {
    try {
      if (test[name] !== undefined) time.dateBounds(test[name]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push({ path: `${path}/${name}`, message: "must be a date of the programme's calendar, as YYYY-MM-DD" });
    }
  }
  // Dates in this form sort as they follow each other.
  if (problems.length === 0 && test.from !== undefined && test.until !== undefined && test.until < test.from)
    problems.push({ path: `${path}/until`, message: 'must not be before from' });
  return problems;
};

/** Tests that ask for something that events of the trigger don't have would never hold. */
const fitProblems = ({ kind }: Test, { on }: Trigger, path: string): FieldProblem[] => {
  if (/^(order|any|all|lines)_/.test(kind) && on !== 'purchase')
    return [{ path: `${path}/kind`, message: 'asks about an order, which only purchases have' }];
  if (kind === 'event_attribute' && on !== 'interaction')
    return [{ path: `${path}/kind`, message: 'asks about an interaction: the trigger must be one' }];
  return [];
};

/** What of the programme its conditions must fit. */
export interface ConditionSurroundings extends CalendarZone {
  /** Ids of the programme's tiers; without them it is not asked whether a tier is one of them. */
  tiers?: readonly string[] | undefined;
}

/** A test for a tier that the programme does not have would never hold. */
const tierProblems = (
  tiers: ConditionSurroundings['tiers'],
  { in: named }: Extract<Test, { kind: 'customer_tier' }>,
  path: string,
): FieldProblem[] =>
  named.flatMap((tier, i) =>
    tiers === undefined || tiers.includes(tier)
      ? []
      : [{ path: `${path}/in/${i}`, message: 'is no tier of the programme' }],
  );

const testProblems = (
  test: Test,
  trigger: Trigger,
  path: string,
  { time, tiers }: { time: LocalTime; tiers: ConditionSurroundings['tiers'] },
): FieldProblem[] => {
  const fit = fitProblems(test, trigger, path);
  switch (test.kind) {
    case 'hours':
      return test.fromHour === test.untilHour
        ? [...fit, { path: `${path}/untilHour`, message: 'must differ from fromHour' }]
        : fit;
    case 'customer_tier':
      return [...fit, ...tierProblems(tiers, test, path)];
    case 'dates':
      return [...fit, ...dateProblems(test, path, time)];
    case 'order_total':
    case 'order_lines':
    case 'lines_amount':
    case 'lines_quantity':
    case 'customer_attribute':
    case 'event_attribute':
      return [...fit, ...boundProblems(test, path)];
    default:
      return fit;
  }
};

const GROUPS = ['all', 'any', 'not'] as const;

/** What is wrong with a condition tree, whoever wrote it; `path` is its JSON pointer. */
export const conditionProblems = (
  condition: Condition,
  trigger: Trigger,
  around: ConditionSurroundings,
  path: string,
): FieldProblem[] => {
  const asked = { time: createLocalTime(around), tiers: around.tiers };
  let nodes = 0;
  const look = (node: unknown, at: string, depth: number): FieldProblem[] => {
    nodes += 1;
    // Said once, where the limit is passed.
    if (nodes > MAX_CONDITION_NODES)
      return nodes === MAX_CONDITION_NODES + 1
        ? [{ path, message: `has more than ${MAX_CONDITION_NODES} tests and groups (MAX_CONDITION_NODES)` }]
        : [];
    if (depth > MAX_CONDITION_DEPTH)
      return [{ path: at, message: `is nested deeper than ${MAX_CONDITION_DEPTH} levels (MAX_CONDITION_DEPTH)` }];
    if (!isRecord(node)) return [{ path: at, message: 'must be a test or a group' }];
    const group = GROUPS.find((name) => name in node);
    if (group === undefined) {
      const shape = testShape(node, at);
      return shape.length > 0 ? shape : testProblems(node as Test, trigger, at, asked);
    }
    if (Object.keys(node).length > 1) return [{ path: at, message: `must have nothing beside ${group}` }];
    if (group === 'not') return look(node.not, `${at}/not`, depth + 1);
    const parts = node[group];
    if (!Array.isArray(parts) || parts.length === 0)
      return [{ path: `${at}/${group}`, message: 'must list one condition at least' }];
    return parts.flatMap((part, i) => look(part, `${at}/${group}/${i}`, depth + 1));
  };
  return look(condition, path, 1);
};
