const languageOf = (locale: string): string => locale.split('-')[0] ?? locale;

/**
 * Which of the locales a template exists in suits a reader: the very one, the same language, the default, any.
 * Among equals the first by name, so that the choice does not depend on the order of rows. Undefined if there is none.
 */
export const chooseLocale = (available: readonly string[], wanted: string, fallback: string): string | undefined => {
  const sorted = available.toSorted();
  const sameLanguage = (locale: string) => sorted.find((each) => languageOf(each) === languageOf(locale));
  const exactly = (locale: string) => sorted.find((each) => each === locale);
  return exactly(wanted) ?? sameLanguage(wanted) ?? exactly(fallback) ?? sameLanguage(fallback) ?? sorted[0];
};

const RIGHT_TO_LEFT = new Set(['fa', 'ar', 'he', 'ur', 'ps', 'ckb', 'ug', 'yi']);

/** Writing direction of a locale. */
export const directionOf = (locale: string): 'rtl' | 'ltr' => (RIGHT_TO_LEFT.has(languageOf(locale)) ? 'rtl' : 'ltr');
