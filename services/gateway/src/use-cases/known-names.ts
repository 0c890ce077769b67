/** There are about 600 zone names; a caller's wrong ones are not kept. */
const zones = new Map<string, string>();

/** An IANA zone's name in its proper case, or undefined when it is none. Bare offsets are refused: they know no summer. */
export const knownZone = (given: string): string | undefined => {
  const found = zones.get(given);
  if (found) return found;
  if (given.length > 64 || /^[+-]|^(?:etc\/)?gmt[+-]/i.test(given)) return undefined;
  try {
    const zone = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(given).timeZoneId;
    if (given.toLowerCase() !== zone.toLowerCase()) return undefined;
    if (zones.size < 2_000) zones.set(given, zone);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** A BCP 47 locale in its canonical form (fa, fa-IR), or undefined when it is none. */
export const knownLocale = (given: string): string | undefined => {
  try {
    const locale = given.length > 20 ? undefined : Intl.getCanonicalLocales(given.replaceAll('_', '-'))[0];
    return locale && /^[a-z]{2,3}(?:-|$)/.test(locale) ? locale : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
