import type { CustomerFacts, EventFacts } from './facts.ts';
import { compileLines, countLines, type LineTest, sumAmount, sumQuantity } from './lines.ts';
import type { LocalTime } from './local-time.ts';
import { type AttributeTest, type AttributeValue, type Condition, type Test, WEEKDAYS } from './rule.ts';

/** Does a condition hold? What is not known of a customer, or not part of the event, holds nothing. */
export type Predicate = (event: EventFacts, customer: CustomerFacts | undefined) => boolean;

const inRange = (value: number, atLeast: number, atMost: number): boolean => value >= atLeast && value <= atMost;

const compileAttribute = ({ name, in: values, atLeast, atMost }: AttributeTest) => {
  const wanted = values === undefined ? undefined : new Set(values);
  const ranged = atLeast !== undefined || atMost !== undefined;
  const [least, most] = [atLeast ?? -Infinity, atMost ?? Infinity];
  return (attributes: Readonly<Record<string, AttributeValue>> | undefined): boolean => {
    if (attributes === undefined || !Object.hasOwn(attributes, name)) return false;
    const value = attributes[name] as AttributeValue;
    if (wanted !== undefined && !wanted.has(value)) return false;
    return !ranged || (typeof value === 'number' && inRange(value, least, most));
  };
};

/** Membership of one text in a list; short lists are faster without a set, but not by enough to matter. */
const among = (values: readonly string[]) => {
  const wanted = new Set<string>(values);
  return (value: string | null | undefined): boolean => value !== undefined && value !== null && wanted.has(value);
};

const ofOrder =
  (holds: (order: NonNullable<EventFacts['order']>) => boolean): Predicate =>
  ({ order }) =>
    order !== undefined && holds(order);

const ofCustomer =
  (holds: (customer: CustomerFacts) => boolean): Predicate =>
  (_event, customer) =>
    customer !== undefined && holds(customer);

const all = (test: LineTest | undefined): LineTest => test ?? (() => true);

const compileTest = (test: Test, time: LocalTime): Predicate => {
  switch (test.kind) {
    case 'order_total': {
      const { currency, atLeastMinor = 0, atMostMinor = Infinity } = test;
      return ofOrder((order) => order.currency === currency && inRange(order.totalMinor, atLeastMinor, atMostMinor));
    }
    case 'order_currency': {
      const wanted = among(test.in);
      return ofOrder(({ currency }) => wanted(currency));
    }
    case 'order_store': {
      const wanted = among(test.in);
      return ofOrder(({ store }) => wanted(store));
    }
    case 'order_channel': {
      const wanted = among(test.in);
      return ofOrder(({ channel }) => wanted(channel));
    }
    case 'order_lines': {
      const { atLeast = 0, atMost = Infinity } = test;
      return ofOrder(({ lines }) => inRange(lines.length, atLeast, atMost));
    }
    case 'any_line': {
      const passes = all(compileLines(test.lines));
      return ofOrder(({ lines }) => lines.some(passes));
    }
    case 'all_lines': {
      const passes = all(compileLines(test.lines));
      return ofOrder(({ lines }) => lines.length > 0 && countLines(lines, passes) === lines.length);
    }
    case 'lines_amount': {
      const { currency, atLeastMinor = 0, atMostMinor = Infinity } = test;
      const passes = compileLines(test.lines);
      return ofOrder(
        (order) => order.currency === currency && inRange(sumAmount(order.lines, passes), atLeastMinor, atMostMinor),
      );
    }
    case 'lines_quantity': {
      const { atLeast = 0, atMost = Infinity } = test;
      const passes = compileLines(test.lines);
      return ofOrder(({ lines }) => inRange(sumQuantity(lines, passes), atLeast, atMost));
    }
    case 'customer_tier': {
      const wanted = among(test.in);
      return ofCustomer(({ tier }) => wanted(tier));
    }
    case 'customer_segment': {
      const wanted = among(test.in);
      return ofCustomer(({ segments }) => segments.some(wanted));
    }
    case 'customer_lifecycle': {
      const wanted = among(test.in);
      return ofCustomer(({ lifecycle }) => wanted(lifecycle));
    }
    case 'customer_attribute': {
      const holds = compileAttribute(test);
      return ofCustomer(({ attributes }) => holds(attributes));
    }
    case 'event_attribute': {
      const holds = compileAttribute(test);
      return ({ attributes }) => holds(attributes);
    }
    case 'weekday': {
      const wanted = new Set(test.in.map((day) => WEEKDAYS.indexOf(day)));
      return ({ atMs }) => wanted.has(time.weekdayAt(atMs));
    }
    case 'hours': {
      const { fromHour, untilHour } = test;
      return ({ atMs }) => {
        const hour = time.hourAt(atMs);
        return fromHour < untilHour ? hour >= fromHour && hour < untilHour : hour >= fromHour || hour < untilHour;
      };
    }
    case 'dates': {
      const startMs = test.from === undefined ? -Infinity : time.dateBounds(test.from).startMs;
      const endMs = test.until === undefined ? Infinity : time.dateBounds(test.until).endMs;
      return ({ atMs }) => inRange(atMs, startMs, endMs);
    }
    case 'every_year': {
      const first = test.firstDay.month * 100 + test.firstDay.day;
      const last = test.lastDay.month * 100 + test.lastDay.day;
      return ({ atMs }) => {
        const { monthDay, until } = time.monthDayAt(atMs);
        return first <= last ? until >= first && monthDay <= last : until >= first || monthDay <= last;
      };
    }
  }
};

/** Prepares a tree once, so that asking it costs no look at its shape. */
export const compileCondition = (condition: Condition, time: LocalTime): Predicate => {
  if ('not' in condition) {
    const inner = compileCondition(condition.not, time);
    return (event, customer) => !inner(event, customer);
  }
  if ('all' in condition) {
    const parts = condition.all.map((each) => compileCondition(each, time));
    const [only] = parts;
    if (only && parts.length === 1) return only;
    return (event, customer) => {
      for (const holds of parts) if (!holds(event, customer)) return false;
      return true;
    };
  }
  if ('any' in condition) {
    const parts = condition.any.map((each) => compileCondition(each, time));
    return (event, customer) => {
      for (const holds of parts) if (holds(event, customer)) return true;
      return false;
    };
  }
  return compileTest(condition, time);
};

/** Does the tree ask anything of the customer? Only then is the profile read. */
export const asksCustomer = (condition: Condition): boolean => {
  if ('not' in condition) return asksCustomer(condition.not);
  if ('all' in condition) return condition.all.some(asksCustomer);
  if ('any' in condition) return condition.any.some(asksCustomer);
  return condition.kind.startsWith('customer_');
};
