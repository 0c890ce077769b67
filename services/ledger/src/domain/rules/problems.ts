import { CURRENCIES, LIFECYCLE_STATES } from '@vafa/contracts';
import type { FieldProblem } from '@vafa/kernel';
import { activationProblems } from '../activation.ts';
import { ruleExpiryProblems } from '../expiry-policy.ts';
import { interactionTypeProblems } from '../interaction-type.ts';
import { BASE_RULE } from '../programme.ts';
import { windowProblems } from '../window-problems.ts';
import { type ConditionSurroundings, conditionProblems, lineFilter } from './condition-problems.ts';
import {
  CAP_PERIODS,
  type Cap,
  type CapPeriod,
  type Caps,
  type EarningRule,
  GRANT_RULE,
  MAX_CAPS,
  MAX_MULTIPLIER,
  MAX_MULTIPLIER_PART,
  MAX_PER_MINOR,
  MAX_RULE_POINTS,
  MAX_RULES,
} from './rule.ts';
import { segmentId } from './segment-id.ts';
import { byWord, integer, listOf, oneOf, text } from './shape.ts';

const triggerShape = byWord('on', {
  purchase: {},
  interaction: { interactionType: interactionTypeProblems },
  segment_entered: { segmentId: segmentId('lifecycle_entered') },
  lifecycle_entered: { state: oneOf(LIFECYCLE_STATES) },
  birthday: {},
  manual_grant: {},
});

const points = integer(1, MAX_RULE_POINTS);
const effectShape = byWord('kind', {
  fixed: { points },
  per_amount: {
    points,
    perMinor: integer(1, MAX_PER_MINOR),
    currency: oneOf(CURRENCIES),
    'lines?': lineFilter,
  },
  per_line: { points, each: oneOf(['line', 'unit']), 'lines?': lineFilter },
  multiplier: {
    numerator: integer(0, MAX_MULTIPLIER_PART),
    denominator: integer(1, MAX_MULTIPLIER_PART),
    'of?': listOf(text),
  },
});

const RULE_FIELDS: ReadonlySet<string> = new Set<keyof EarningRule>([
  'id',
  'name',
  'trigger',
  'when',
  'effect',
  'order',
  'stop',
  'caps',
  'startsAt',
  'endsAt',
  'expiry',
  'activation',
]);

const say = (path: string, message: string): FieldProblem[] => [{ path, message }];

const idProblems = (rules: readonly EarningRule[], i: number, path: string): FieldProblem[] => {
  const id = rules[i]?.id;
  if (id === BASE_RULE || id === GRANT_RULE)
    return say(`${path}/id`, `is taken: ${BASE_RULE} is the rate, ${GRANT_RULE} a grant without a rule`);
  return rules.findIndex((each) => each.id === id) < i ? say(`${path}/id`, 'is the id of another rule') : [];
};

/** An entry that a multiplier names must be one of the same trigger, made before it. */
const targetProblems = (rule: EarningRule, of: readonly string[], rules: readonly EarningRule[], path: string) =>
  of.flatMap((id, i): FieldProblem[] => {
    const at = `${path}/effect/of/${i}`;
    if (id === BASE_RULE)
      return rule.trigger.on === 'purchase' ? [] : say(at, 'names the rate, by which only purchases earn');
    const target = rules.find((each) => each.id === id);
    if (!target || target === rule) return say(at, 'must be base or the id of another rule');
    if (JSON.stringify(target.trigger) !== JSON.stringify(rule.trigger)) return say(at, 'has another trigger');
    const before = target.order - rule.order || rules.indexOf(target) - rules.indexOf(rule);
    return before < 0 ? [] : say(at, 'comes later: a multiplier changes what was earned before it');
  });

const effectProblems = (rule: EarningRule, rules: readonly EarningRule[], path: string): FieldProblem[] => {
  const { effect, trigger } = rule;
  const at = `${path}/effect`;
  if (trigger.on === 'manual_grant' && effect.kind !== 'fixed')
    return say(`${at}/kind`, 'must be fixed for a manual grant');
  if (effect.kind === 'multiplier') {
    const { numerator, denominator } = effect;
    const apart = rule.caps !== undefined || rule.expiry !== undefined || rule.activation !== undefined;
    return [
      ...(numerator > denominator * MAX_MULTIPLIER
        ? say(`${at}/numerator`, `makes it more than ${MAX_MULTIPLIER}`)
        : []),
      ...(apart && numerator <= denominator
        ? say(
            `${at}/numerator`,
            'must be above the denominator: with caps or times of its own it gives an entry of its own',
          )
        : []),
      ...targetProblems(rule, effect.of ?? [], rules, path),
    ];
  }
  return effect.kind !== 'fixed' && trigger.on !== 'purchase'
    ? say(`${at}/kind`, 'counts an order, which only purchases have')
    : [];
};

/** In how many periods, as long or longer, one of another kind may lie: a week lies in two months at their turn. */
const mostTouched = (per: CapPeriod, other: CapPeriod): number =>
  per === 'week' && other !== 'week' && other !== 'forever' ? 2 : 1;

/** A cap that a tighter one of the same unit makes useless is a mistake. */
const uselessCap = (cap: Cap, others: readonly Cap[]): boolean =>
  others.some(
    (other) =>
      other !== cap &&
      other.unit === cap.unit &&
      other.limit * mostTouched(cap.per, other.per) < cap.limit &&
      CAP_PERIODS.indexOf(other.per) >= CAP_PERIODS.indexOf(cap.per),
  );

const capListProblems = (
  name: 'perCustomer' | 'budget',
  caps: Caps,
  rule: EarningRule,
  path: string,
): FieldProblem[] => {
  const list = caps[name] ?? [];
  const at = `${path}/caps/${name}`;
  if (list.length > MAX_CAPS) return say(at, `has more than ${MAX_CAPS} caps (MAX_CAPS)`);
  const { effect } = rule;
  return list.flatMap((cap, i): FieldProblem[] => {
    if (list.findIndex(({ unit, per }) => unit === cap.unit && per === cap.per) < i)
      return say(`${at}/${i}`, `is the second one of ${cap.unit} per ${cap.per}`);
    if (caps.beyond === 'reject' && cap.unit === 'points' && effect.kind === 'fixed' && cap.limit < effect.points)
      return say(`${at}/${i}/limit`, `is below the ${effect.points} points of the rule, which it would always reject`);
    const all = name === 'perCustomer' ? [...list, ...(caps.budget ?? [])] : list;
    return uselessCap(cap, all)
      ? say(`${at}/${i}/limit`, 'is never reached: a lower cap holds for as long or longer')
      : [];
  });
};

const capProblems = (rule: EarningRule, path: string): FieldProblem[] => {
  const { caps, trigger, effect } = rule;
  if (caps === undefined) return [];
  const at = `${path}/caps`;
  const { perOrder, perCustomer = [], budget = [], beyond } = caps;
  if (perOrder === undefined && perCustomer.length + budget.length === 0) return say(at, 'names no cap');
  return [
    ...(perOrder !== undefined && trigger.on !== 'purchase' ? say(`${at}/perOrder`, 'is for purchases only') : []),
    ...(perOrder !== undefined && beyond === 'reject' && effect.kind === 'fixed' && perOrder < effect.points
      ? say(`${at}/perOrder`, `is below the ${effect.points} points of the rule, which it would always reject`)
      : []),
    ...capListProblems('perCustomer', caps, rule, path),
    ...capListProblems('budget', caps, rule, path),
  ];
};

const policyProblems = (
  { expiry, activation }: EarningRule,
  around: ConditionSurroundings,
  path: string,
): FieldProblem[] => [
  ...(expiry === undefined ? [] : ruleExpiryProblems(expiry, around, `${path}/expiry`)),
  ...(activation === undefined ? [] : activationProblems(activation, around, `${path}/activation`)),
];

const problemsOfRule = (
  rules: readonly EarningRule[],
  i: number,
  zone: ConditionSurroundings,
  path: string,
): FieldProblem[] => {
  const rule = rules[i] as EarningRule;
  const unknown = Object.keys(rule).filter((name) => !RULE_FIELDS.has(name));
  const shape = [
    ...unknown.flatMap((name) => say(`${path}/${name}`, 'is not known here')),
    ...text(rule.id, `${path}/id`),
    ...text(rule.name, `${path}/name`),
    ...integer(0, 1_000_000)(rule.order, `${path}/order`),
    ...triggerShape(rule.trigger, `${path}/trigger`),
    ...effectShape(rule.effect, `${path}/effect`),
  ];
  if (shape.length > 0) return shape;
  return [
    ...idProblems(rules, i, path),
    ...windowProblems(rule, path),
    ...(rule.when === undefined ? [] : conditionProblems(rule.when, rule.trigger, zone, `${path}/when`)),
    ...effectProblems(rule, rules, path),
    ...capProblems(rule, path),
    ...policyProblems(rule, zone, path),
  ];
};

/**
 * What is wrong with a programme's rules, with the JSON pointer of each field; empty = they can be compiled. The programme's
 * zone must be one.
 */
export const problemsOf = (
  rules: readonly EarningRule[],
  zone: ConditionSurroundings,
  path = '/rules',
): FieldProblem[] =>
  rules.length > MAX_RULES
    ? say(path, `has more than ${MAX_RULES} rules (MAX_RULES)`)
    : rules.flatMap((_, i) => problemsOfRule(rules, i, zone, `${path}/${i}`));
