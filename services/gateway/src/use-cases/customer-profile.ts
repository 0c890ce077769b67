import { CustomerUpdated, type EventOf, problemsOf } from '@vafa/contracts';
import { type FieldProblem, toLatinDigits } from '@vafa/kernel';
import { unknownProblems } from '../domain/known-fields.ts';
import { explainProblems } from './explain-problem.ts';
import { knownLocale, knownZone } from './known-names.ts';
import { normaliseEmail } from './normalise-email.ts';
import { type CountryCode, normalisePhone } from './normalise-phone.ts';

export type CustomerProfile = EventOf<typeof CustomerUpdated>['data'];

export interface ProfileContext {
  phoneRegion: CountryCode;
  now: Temporal.Instant;
}

type Read = (text: string, context: ProfileContext) => string | undefined;

/** How each text field is brought into its one form, and what is said when it has none. */
const FIELDS: Readonly<Record<string, { read: Read; allowed: string }>> = {
  name: { read: (text) => text.trim() || undefined, allowed: 'must be a name of 1 to 200 characters' },
  phone: {
    read: (text, { phoneRegion }) => normalisePhone(text, phoneRegion),
    allowed:
      'must be a valid phone number: +989121234567, 00989121234567, 989121234567, 09121234567 or 9121234567, in Latin, Persian or Arabic digits',
  },
  email: { read: normaliseEmail, allowed: 'must be an e-mail address, e.g. sara@example.com' },
  locale: { read: knownLocale, allowed: 'must be a BCP 47 locale, e.g. fa or en-GB' },
  timeZone: { read: knownZone, allowed: 'must be an IANA time zone, e.g. Asia/Tehran' },
  birthDate: {
    read: (text, { now }) => readBirthDate(text, now),
    allowed: 'must be a date of the Gregorian calendar in the past, e.g. 1990-03-21',
  },
};
const KNOWN = new Set([...Object.keys(FIELDS), 'attributes']);
const EARLIEST_BIRTH = '1900-01-01';

/**
 * Reads what a shop knows of a customer and brings it into one form. A field that is null or absent is not known (any
 * more). Problems name the field and what is allowed, never the value: it may be a phone number.
 */
export const readProfile = (
  customerId: string,
  given: Readonly<Record<string, unknown>>,
  context: ProfileContext,
): { profile: CustomerProfile; problems: FieldProblem[] } => {
  const problems = unknownProblems(given, KNOWN);
  const data: Record<string, unknown> = { customerId };
  for (const [field, { read, allowed }] of Object.entries(FIELDS)) {
    const value = given[field];
    if (value === undefined || value === null) continue;
    const known = typeof value === 'string' ? read(value, context) : undefined;
    if (known === undefined) problems.push({ path: `/${field}`, message: allowed });
    else data[field] = known;
  }
  if (given.attributes !== undefined && given.attributes !== null) data.attributes = given.attributes;
  problems.push(...explainProblems(problemsOf(CustomerUpdated, data), 20));
  return { profile: data as CustomerProfile, problems };
};

const readBirthDate = (text: string, now: Temporal.Instant): string | undefined => {
  const date = toLatinDigits(text.trim());
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined;
  try {
    const known = Temporal.PlainDate.from(date).toString();
    // Somewhere it is tomorrow already: a day of grace.
    const latest = now.add({ hours: 24 }).toString().slice(0, 10);
    return known >= EARLIEST_BIRTH && known <= latest ? known : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
