import { toPersianDigits } from '@vafa/kernel';
import type { Liquid } from 'liquidjs';
import { jalaliDate } from '../domain/jalali-date.ts';

/** What a filter knows of the message it works in. */
interface FilterThis {
  context: { getSync(path: string[]): unknown };
}

const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;

const setting = (filter: FilterThis, name: 'time_zone' | 'locale'): string => String(filter.context.getSync([name]));

/** `2026-11-21T08:00:00Z` in the customer's zone, or a date as it is, as «شنبه ۳۰ آبان ۱۴۰۵». Anything else is left alone. */
const jalali = (value: unknown, timeZone: string): unknown => {
  try {
    if (typeof value !== 'string') return value;
    if (DATE_ONLY.test(value))
      return jalaliDate(Temporal.PlainDate.from(value).toZonedDateTime('UTC').toInstant(), 'UTC');
    return jalaliDate(Temporal.Instant.from(value), timeZone);
  } catch (error) {
    if (error instanceof RangeError) return value;
    throw error;
  }
};

const FORMATS_KEPT = 100;
const formats = new Map<string, Intl.NumberFormat>();

const numberFormat = (locale: string): Intl.NumberFormat => {
  const known = formats.get(locale);
  if (known) return known;
  if (formats.size >= FORMATS_KEPT) formats.clear();
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  formats.set(locale, format);
  return format;
};

const asNumber = (value: unknown): number | undefined => {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
};

const RIALS_PER_TOMAN = 10;

/**
 * Vafa's own filters. Like Liquid's, they leave alone what they can't read.
 * jalali: a Persian date · fa_digits: ۱۲۳ · number: 1,234 as the locale writes it · toman: rials as tomans, likewise.
 */
export const registerFilters = (engine: Liquid): void => {
  engine.registerFilter('jalali', function (this: FilterThis, value: unknown) {
    return jalali(value, setting(this, 'time_zone'));
  });
  engine.registerFilter('fa_digits', (value: unknown) => toPersianDigits(String(value ?? '')));
  engine.registerFilter('number', function (this: FilterThis, value: unknown) {
    const number = asNumber(value);
    return number === undefined ? value : numberFormat(setting(this, 'locale')).format(number);
  });
  engine.registerFilter('toman', function (this: FilterThis, value: unknown) {
    const number = asNumber(value);
    return number === undefined ? value : numberFormat(setting(this, 'locale')).format(number / RIALS_PER_TOMAN);
  });
};
