import { AppError, type FieldProblem } from '@vafa/kernel';
import { activationProblems } from './activation.ts';
import { expiryProblems } from './expiry-policy.ts';
import type { Programme } from './programme.ts';
import { problemsOf } from './rules/problems.ts';
import { tierProblems } from './tiers/structure.ts';

/** The first of a list that has what another before it has already: a problem for each. */
const doubles = <Member>(list: readonly Member[], nameOf: (member: Member) => string, path: string, field: string) =>
  list.flatMap((member, i): FieldProblem[] =>
    list.findIndex((each) => nameOf(each) === nameOf(member)) < i
      ? [{ path: `${path}/${i}/${field}`, message: 'is there already' }]
      : [],
  );

/**
 * A zone's name, in any case. Of offsets (`+03:30`) and whole instants `Temporal` makes a zone, too; the database, which counts days
 * anew, takes an offset for the one on the other side of Greenwich.
 */
const isZoneName = (text: string): boolean => {
  try {
    const { timeZoneId } = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return /^[a-z]/i.test(timeZoneId) && timeZoneId.toLowerCase() === text.toLowerCase();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
};

const zoneProblems = (timeZone: string): FieldProblem[] =>
  isZoneName(timeZone) ? [] : [{ path: '/timeZone', message: 'is no IANA time zone' }];

const activationOf = ({ activation, calendar = 'gregorian' }: Programme): FieldProblem[] =>
  activation ? activationProblems(activation, { calendar }, '/activation') : [];

const expiryOf = ({ expiry, expiresAfterDays, calendar = 'gregorian' }: Programme): FieldProblem[] => {
  if (!expiry) return [];
  const problems = expiryProblems(expiry, { calendar }, '/expiry');
  if ((expiresAfterDays ?? null) !== null)
    problems.push({ path: '/expiresAfterDays', message: 'give this or expiry, not both' });
  return problems;
};

const tiersOf = ({ tiers, calendar = 'gregorian' }: Programme): FieldProblem[] =>
  tiers ? tierProblems(tiers, { calendar }, '/tiers') : [];

/** Rules are read in the programme's zone: without one nothing is said of them. */
const rulesOf = ({ rules = [], calendar = 'gregorian', timeZone, tiers }: Programme): FieldProblem[] =>
  zoneProblems(timeZone).length > 0
    ? []
    : problemsOf(rules, { calendar, timeZone, tiers: tiers?.levels.map(({ id }) => id) ?? [] });

/** Everything about a programme that a schema can't say and that is wrong with it; empty = nothing. */
export const programmeProblems = (programme: Programme): FieldProblem[] => [
  ...doubles(programme.rates, ({ currency }) => currency, '/rates', 'currency'),
  ...doubles(programme.pointValues ?? [], ({ currency }) => currency, '/pointValues', 'currency'),
  ...zoneProblems(programme.timeZone),
  ...activationOf(programme),
  ...expiryOf(programme),
  ...rulesOf(programme),
  ...tiersOf(programme),
];

/**
 * Refuses a programme that makes no sense, telling all that is wrong with it. `place` is where it stands in the request.
 * @throws AppError invalid `ledger.invalid_programme`
 */
export const checkProgramme = (programme: Programme, place = ''): void => {
  const problems = programmeProblems(programme).map(({ path, message }) => ({ path: `${place}${path}`, message }));
  if (problems.length > 0)
    throw new AppError('invalid', 'ledger.invalid_programme', 'the programme is not as it should be', { problems });
};
