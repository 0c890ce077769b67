import type { RulesProgramme } from '../domain/rules/compile.ts';
import type { CustomerFacts, EventFacts } from '../domain/rules/facts.ts';
import type { Condition, LineFilter, LineMatch, Test } from '../domain/rules/rule.ts';

/** Conditions of rules as one would explain them: read anew every time, nothing prepared. */

export type SlowLine = NonNullable<EventFacts['order']>['lines'][number];

const matches = (line: SlowLine, match: LineMatch): boolean =>
  (match.sku?.includes(line.sku) ?? true) &&
  (match.category?.includes(line.category ?? '?') ?? true) &&
  (match.brand?.includes(line.brand ?? '?') ?? true) &&
  (match.label?.some((label) => line.labels?.includes(label)) ?? true);

/** Lines that a filter lets pass. */
export const passing = (lines: readonly SlowLine[], filter: LineFilter | undefined): SlowLine[] =>
  lines.filter((line) => {
    const { except = {}, ...wanted } = filter ?? {};
    return matches(line, wanted) && !(Object.keys(except).length > 0 && matchesAny(line, except));
  });
const matchesAny = (line: SlowLine, match: LineMatch): boolean =>
  Object.entries(match).some(([field, values]) => matches(line, { [field]: values }));

export const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const within = (value: number, least: number | undefined, most: number | undefined): boolean =>
  (least === undefined || value >= least) && (most === undefined || value <= most);

const localOf = ({ timeZone, calendar }: RulesProgramme, ms: number) =>
  Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO(timeZone)
    .withCalendar(calendar === 'persian' ? 'persian' : 'iso8601');

const testHolds = (test: Test, programme: RulesProgramme, event: EventFacts, customer?: CustomerFacts): boolean => {
  const { order } = event;
  const local = localOf(programme, event.atMs);
  const monthDay = [local.month, local.day].map((part) => String(part).padStart(2, '0')).join('-');
  const text = (part: { month: number; day: number }) =>
    [part.month, part.day].map((each) => String(each).padStart(2, '0')).join('-');
  const attribute = (
    attributes: CustomerFacts['attributes'] | undefined,
    t: Extract<Test, { name: string }>,
  ): boolean => {
    const value = attributes?.[t.name];
    if (value === undefined || (t.in && !t.in.includes(value))) return false;
    if (t.atLeast === undefined && t.atMost === undefined) return true;
    return typeof value === 'number' && within(value, t.atLeast, t.atMost);
  };
  switch (test.kind) {
    case 'order_total':
      return order?.currency === test.currency && within(order.totalMinor, test.atLeastMinor, test.atMostMinor);
    case 'order_currency':
      return order !== undefined && test.in.includes(order.currency);
    case 'order_store':
      return order?.store !== undefined && test.in.includes(order.store);
    case 'order_channel':
      return order?.channel !== undefined && test.in.includes(order.channel);
    case 'order_lines':
      return order !== undefined && within(order.lines.length, test.atLeast, test.atMost);
    case 'any_line':
      return order !== undefined && passing(order.lines, test.lines).length > 0;
    case 'all_lines':
      return (
        order !== undefined && order.lines.length > 0 && passing(order.lines, test.lines).length === order.lines.length
      );
    case 'lines_amount':
      return (
        order?.currency === test.currency &&
        within(sum(passing(order.lines, test.lines).map((l) => l.amountMinor)), test.atLeastMinor, test.atMostMinor)
      );
    case 'lines_quantity':
      return (
        order !== undefined &&
        within(sum(passing(order.lines, test.lines).map((l) => l.quantity)), test.atLeast, test.atMost)
      );
    case 'customer_tier':
      return customer?.tier != null && test.in.includes(customer.tier);
    case 'customer_segment':
      return customer?.segments.some((segment) => test.in.includes(segment)) ?? false;
    case 'customer_lifecycle':
      return customer?.lifecycle != null && test.in.includes(customer.lifecycle);
    case 'customer_attribute':
      return attribute(customer?.attributes, test);
    case 'event_attribute':
      return attribute(event.attributes, test);
    case 'weekday': {
      const names = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
      return test.in.includes(names[local.dayOfWeek - 1] ?? 'monday');
    }
    case 'hours': {
      const hours = Array.from({ length: 48 }, (_, i) => i);
      const until = test.untilHour > test.fromHour ? test.untilHour : test.untilHour + 24;
      return hours.filter((hour) => hour >= test.fromHour && hour < until).some((hour) => hour % 24 === local.hour);
    }
    case 'dates': {
      const today = `${String(local.year).padStart(4, '0')}-${monthDay}`;
      return (test.from === undefined || today >= test.from) && (test.until === undefined || today <= test.until);
    }
    case 'every_year': {
      const { firstDay, lastDay } = test;
      const overTheYear = text(firstDay) > text(lastDay);
      // A day that the month lacks this year is its last.
      const thisYear = ({ month, day }: { month: number; day: number }): string =>
        text({ month, day: Math.min(day, local.with({ day: 1 }).with({ month }).daysInMonth) });
      const [begun, over] = [monthDay >= thisYear(firstDay), monthDay > thisYear(lastDay)];
      return overTheYear ? begun || !over : begun && !over;
    }
  }
};

/** Does a condition hold? */
export const slowHolds = (
  condition: Condition,
  programme: RulesProgramme,
  event: EventFacts,
  customer?: CustomerFacts,
): boolean => {
  const holds = (each: Condition): boolean => slowHolds(each, programme, event, customer);
  if ('all' in condition) return condition.all.every(holds);
  if ('any' in condition) return condition.any.some(holds);
  if ('not' in condition) return !holds(condition.not);
  return testHolds(condition, programme, event, customer);
};
