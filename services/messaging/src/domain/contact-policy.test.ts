import { describe, expect, test } from 'vitest';
import { type ContactFacts, type ContactPolicy, decideContact } from './contact-policy.ts';
import type { Purpose } from './purposes.ts';

const at = (text: string) => Temporal.Instant.from(text);
/** 11:30 in Tehran. */
const noon = at('2026-11-21T08:00:00Z');
/** 23:30 in Tehran. */
const night = at('2026-11-21T20:00:00Z');
const morning = at('2026-11-22T04:30:00Z');

const policy: ContactPolicy = {
  quietHours: { from: '21:00', to: '08:00' },
  promotionalCap: { perDay: 1, perWeek: 3 },
};
const fine: ContactFacts = {
  erased: false,
  address: '+989121234567',
  timeZone: 'Asia/Tehran',
  consentGranted: true,
  addressSuppressed: false,
  promotional: [],
};
const decide = (
  purpose: Purpose,
  facts: Partial<ContactFacts> = {},
  now = noon,
  expiresAt = at('2026-11-25T00:00:00Z'),
  rules = policy,
) => decideContact({ purpose, expiresAt }, { ...fine, ...facts }, rules, now);

const suppressed = (reason: string) => ({ kind: 'suppress', reason });
const daysBefore = (days: number, hours = 0) => noon.subtract({ hours: days * 24 + hours });

describe('may a message go?', () => {
  test.each(['otp', 'transactional', 'service', 'promotional'] as const)('%s goes by day with consent', (purpose) => {
    expect(decide(purpose)).toEqual({ kind: 'send' });
  });

  test.each([
    ['otp', { kind: 'send' }],
    ['transactional', { kind: 'send' }],
    ['service', suppressed('no_consent')],
    ['promotional', suppressed('no_consent')],
  ] as const)('%s without consent', (purpose, outcome) => {
    expect(decide(purpose, { consentGranted: false })).toEqual(outcome);
  });

  test.each([
    ['otp', { kind: 'send' }],
    ['transactional', { kind: 'send' }],
    ['service', { kind: 'defer', until: morning }],
    ['promotional', { kind: 'defer', until: morning }],
  ] as const)('%s at night', (purpose, outcome) => {
    expect(decide(purpose, {}, night)).toEqual(outcome);
  });

  test.each(['otp', 'promotional'] as const)(
    'nothing lets a suppressed address through, not even for %s',
    (purpose) => {
      expect(decide(purpose, { addressSuppressed: true })).toEqual(suppressed('suppressed_address'));
    },
  );

  test.each([
    ['an erased customer', { erased: true, address: null }, 'erased'],
    ['no address', { address: null }, 'no_contact'],
  ] as const)('%s', (_name, facts, reason) => {
    expect(decide('otp', facts)).toEqual(suppressed(reason));
  });

  test('what has expired does not go, the moment itself included', () => {
    expect(decide('otp', {}, noon, noon)).toEqual(suppressed('expired'));
    expect(decide('otp', {}, noon, noon.add({ seconds: 1 }))).toEqual({ kind: 'send' });
  });

  test('the night must end before it expires', () => {
    expect(decide('service', {}, night, morning)).toEqual(suppressed('quiet_hours_passed'));
    expect(decide('service', {}, night, morning.add({ seconds: 1 }))).toEqual({ kind: 'defer', until: morning });
  });

  test('without consent, the night does not matter: the reason is consent', () => {
    expect(decide('promotional', { consentGranted: false }, night, morning)).toEqual(suppressed('no_consent'));
  });
});

describe('the cap of advertisements', () => {
  test.each([
    ['one an hour ago', [daysBefore(0, 1)], suppressed('frequency_cap')],
    ['one just within 24 hours', [noon.subtract({ hours: 24 }).add({ seconds: 1 })], suppressed('frequency_cap')],
    ['one exactly 24 hours ago', [daysBefore(1)], { kind: 'send' }],
    ['two in the week', [daysBefore(2), daysBefore(3)], { kind: 'send' }],
    ['three in the week', [daysBefore(2), daysBefore(3), daysBefore(6, 23)], suppressed('frequency_cap')],
    ['the third is a week old', [daysBefore(2), daysBefore(3), daysBefore(7)], { kind: 'send' }],
    ['one planned for tomorrow', [noon.add({ hours: 21 })], suppressed('frequency_cap')],
  ] as const)('%s', (_name, promotional, outcome) => {
    expect(decide('promotional', { promotional })).toEqual(outcome);
  });

  test('counts from when the message would go, not from when it is asked for', () => {
    const lastNoon = [at('2026-11-20T21:00:00Z')];
    expect(decide('promotional', { promotional: lastNoon }, night)).toEqual({ kind: 'defer', until: morning });
  });

  test('other purposes neither count nor are counted', () => {
    expect(decide('service', { promotional: [noon, noon, noon, noon] })).toEqual({ kind: 'send' });
  });

  test('a cap of 0 lets nothing through', () => {
    const none = { ...policy, promotionalCap: { perDay: 0, perWeek: 3 } };
    expect(decide('promotional', {}, noon, undefined, none)).toEqual(suppressed('frequency_cap'));
  });
});
