import { CustomerConsentChanged, type EventOf, problemsOf } from '@vafa/contracts';
import type { FieldProblem } from '@vafa/kernel';
import { unknownFieldProblems } from '../domain/known-fields.ts';
import { readOccurredAt } from '../domain/occurred-at.ts';
import { explainProblems } from './explain-problem.ts';

export type Consent = EventOf<typeof CustomerConsentChanged>['data'];

/** Two channels times four purposes, and room for what comes. */
export const MAX_CONSENTS = 20;
const KNOWN = new Set(['channel', 'purpose', 'granted', 'source', 'givenAt', 'textVersion']);

/** Reads the consents of a customer; problems name the place in the list. */
export const readConsents = (
  customerId: string,
  given: unknown,
  context: { now: Temporal.Instant; futureToleranceMs: number },
): { consents: Consent[]; problems: FieldProblem[] } => {
  if (given === undefined || given === null) return { consents: [], problems: [] };
  if (!Array.isArray(given) || given.length > MAX_CONSENTS)
    return {
      consents: [],
      problems: [{ path: '/consents', message: `must be a list of at most ${MAX_CONSENTS} consents` }],
    };
  const consents: Consent[] = [];
  const problems: FieldProblem[] = [];
  const seen = new Set<string>();
  given.forEach((item: unknown, index) => {
    const path = `/consents/${index}`;
    const found = readConsent(customerId, item, context);
    problems.push(...found.problems.map((problem) => ({ ...problem, path: `${path}${problem.path}` })));
    if (!found.consent) return;
    const about = `${found.consent.channel} ${found.consent.purpose}`;
    if (seen.has(about)) problems.push({ path, message: `is a second consent for ${about}; give one` });
    seen.add(about);
    consents.push(found.consent);
  });
  return { consents, problems };
};

const readConsent = (
  customerId: string,
  item: unknown,
  { now, futureToleranceMs }: { now: Temporal.Instant; futureToleranceMs: number },
): { consent?: Consent; problems: FieldProblem[] } => {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return { problems: [{ path: '', message: 'must be an object with channel, purpose, granted and source' }] };
  const problems = unknownFieldProblems(item as Record<string, unknown>, KNOWN);
  const { source, givenAt, textVersion, ...rest } = item as Record<string, unknown>;
  const time = givenAt === undefined || givenAt === null ? undefined : readOccurredAt(givenAt, now, futureToleranceMs);
  if (time && !time.ok) problems.push({ path: '/givenAt', message: time.message });
  const { channel, purpose, granted } = rest;
  const data = withoutMissing({
    customerId,
    channel,
    purpose,
    granted,
    consentSource: source,
    givenAt: time?.ok ? time.instant.toString() : undefined,
    textVersion: textVersion ?? undefined,
  });
  const named = problemsOf(CustomerConsentChanged, data).map(({ path, message }) => ({
    path: path.replace('/consentSource', '/source'),
    message: message.replace('consentSource', 'source'),
  }));
  problems.push(...explainProblems(named, 20));
  return { consent: data as unknown as Consent, problems };
};

/** So that what is missing is called missing, not of the wrong type. */
const withoutMissing = (data: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
