const ZONES_KEPT = 100;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Building a format takes a hundred times as long as using it. */
const formatFor = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known) return known;
  if (formats.size >= ZONES_KEPT) formats.clear();
  const format = new Intl.DateTimeFormat('fa-IR-u-ca-persian', {
    timeZone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
};

/**
 * A day as Iranians write it: «شنبه ۳۰ آبان ۱۴۰۵». Intl's own full date puts the year first, so the parts are put in
 * order here.
 */
export const jalaliDate = (instant: Temporal.Instant, timeZone: string): string => {
  const parts = formatFor(timeZone).formatToParts(instant.epochMilliseconds);
  const partOf = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  return `${partOf('weekday')} ${partOf('day')} ${partOf('month')} ${partOf('year')}`;
};
