import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressKey, maskAddress } from './addresses.ts';
import { afterCall, backOffAfter } from './call-outcome.ts';
import { gateOf, pauseAgain } from './channel-circuit.ts';
import { jalaliDate } from './jalali-date.ts';
import { chooseLocale, directionOf } from './locale-choice.ts';
import { type MessageState, readReceipt } from './message-state.ts';
import { stricterPurpose } from './purposes.ts';
import { afterNotFound, afterUnknownEmail } from './unknown-outcome.ts';

const now = Temporal.Instant.from('2026-11-21T08:00:00Z');
const inMs = (milliseconds: number) => now.add({ milliseconds });
const settings = { retryFirstMs: 1_000, retryMaxMs: 60_000, unknownWaitMs: 5_000 };
const message = { attempts: 1, expiresAt: now.add({ hours: 1 }) };

describe('after a call', () => {
  test.each([
    ['refused', { kind: 'refused', code: 'x', badAddress: true }, { to: 'failed', dueAt: null, reason: 'x' }],
    ['unknown', { kind: 'unknown', code: 'x' }, { to: 'unknown', dueAt: inMs(5_000), reason: 'x' }],
    ['not called', { kind: 'not_called' }, { to: 'queued', dueAt: now, reason: null }],
    ['channel down', { kind: 'channel_down', code: 'x' }, { to: 'queued', dueAt: now, reason: 'x' }],
    ['try later', { kind: 'try_later', code: 'x' }, { to: 'queued', dueAt: inMs(1_000), reason: 'x' }],
  ] as const)('%s', (_name, outcome, next) => {
    expect(afterCall(outcome, message, settings, now, 1)).toEqual(next);
  });

  test('when the next attempt would come too late, it has failed', () => {
    const next = afterCall({ kind: 'try_later', code: 'x' }, { attempts: 1, expiresAt: inMs(1_000) }, settings, now, 1);
    expect(next).toEqual({ to: 'failed', dueAt: null, reason: 'x' });
  });

  test('pauses double up to the limit, spread by a quarter', () => {
    expect([1, 2, 3, 7, 1_000].map((attempts) => backOffAfter(attempts, settings, 1))).toEqual([
      1_000, 2_000, 4_000, 60_000, 60_000,
    ]);
    expect(backOffAfter(1, settings, 0)).toBe(750);
  });
});

describe('an unknown outcome', () => {
  test('not found within the window: never taken, goes out again', () => {
    expect(afterNotFound(now.subtract({ hours: 11 }), now)).toEqual({ to: 'queued', dueAt: now, reason: null });
  });
  test('not found beyond the window means nothing: a person decides', () => {
    expect(afterNotFound(now.subtract({ hours: 12 }), now)).toEqual({
      to: 'unknown',
      dueAt: null,
      reason: 'unknown_outcome',
    });
  });
  test.each([
    ['transactional', 1, 'queued'],
    ['otp', 1, 'queued'],
    ['transactional', 2, 'failed'],
    ['service', 1, 'failed'],
    ['promotional', 1, 'failed'],
  ] as const)('e-mail, %s, for the %i. time: %s', (purpose, times, to) => {
    expect(afterUnknownEmail(purpose, times, now)).toMatchObject({ to, reason: 'unknown_outcome' });
  });
});

describe('receipts', () => {
  test.each([
    ['sent', 10, 'delivered'],
    ['sent', 11, 'undelivered'],
    ['sent', 6, 'failed'],
    ['sent', 13, 'failed'],
    ['sent', 14, 'failed'],
    ['sent', 4, undefined],
    ['sent', 5, undefined],
    ['sent', 100, undefined],
    ['undelivered', 10, 'delivered'],
    ['undelivered', 11, undefined],
    ['undelivered', 6, undefined],
    ['delivered', 11, undefined],
    ['delivered', 10, undefined],
    ['failed', 10, undefined],
    ['suppressed', 10, undefined],
    ['queued', 10, undefined],
  ] as const)('%s and then %i: %s', (state, status, to) => {
    expect(readReceipt(state, status)?.to).toBe(to);
  });

  test('in whatever order and however often they come: at most two steps, and a final state stays', () => {
    const statuses = fc.array(fc.constantFrom(1, 2, 4, 5, 6, 10, 11, 13, 14, 100), { maxLength: 12, size: 'max' });
    fc.assert(
      fc.property(statuses, (reports) => {
        const passed: MessageState[] = ['sent'];
        for (const status of reports) {
          const next = readReceipt(passed.at(-1) ?? 'sent', status);
          if (next) passed.push(next.to);
        }
        expect(['sent', 'sent,delivered', 'sent,failed', 'sent,undelivered', 'sent,undelivered,delivered']).toContain(
          passed.join(),
        );
      }),
    );
  });
});

describe('the circuit of a channel', () => {
  const rules = { pauseFirstMs: 1_000, pauseMaxMs: 3_000 };
  const open = { pausedUntil: null, pauses: 0 };

  test('open, closed while paused, probing afterwards', () => {
    const paused = pauseAgain(open, rules, now);
    expect(gateOf(open, now)).toBe('open');
    expect(paused).toEqual({ pausedUntil: inMs(1_000), pauses: 1 });
    expect(gateOf(paused, inMs(999))).toBe('closed');
    expect(gateOf(paused, inMs(1_000))).toBe('probing');
  });
  test('pauses double up to the limit', () => {
    const second = pauseAgain({ pausedUntil: now, pauses: 1 }, rules, now);
    const third = pauseAgain(second, rules, now);
    expect([second.pausedUntil, third.pausedUntil]).toEqual([inMs(2_000), inMs(3_000)]);
  });
});

describe('choosing a locale', () => {
  test.each([
    [['en', 'fa'], 'fa', 'en', 'fa'],
    [['en', 'fa-IR'], 'fa', 'en', 'fa-IR'],
    [['en-GB', 'en-US', 'fa'], 'en-AU', 'fa', 'en-GB'],
    [['en', 'fa'], 'de', 'fa', 'fa'],
    [['fa-AF', 'en'], 'de', 'fa', 'fa-AF'],
    [['tr', 'ar'], 'de', 'fa', 'ar'],
    [[], 'fa', 'fa', undefined],
  ])('of %j for %s (else %s): %s', (available, wanted, fallback, chosen) => {
    expect(chooseLocale(available, wanted, fallback)).toBe(chosen);
    expect(chooseLocale(available.toReversed(), wanted, fallback)).toBe(chosen);
  });
  test('directions', () => {
    expect(['fa', 'fa-IR', 'ar', 'en', 'de'].map(directionOf)).toEqual(['rtl', 'rtl', 'rtl', 'ltr', 'ltr']);
  });
});

test('the stricter of two purposes counts', () => {
  expect(stricterPurpose('transactional', 'promotional')).toBe('promotional');
  expect(stricterPurpose('promotional', 'otp')).toBe('promotional');
  expect(stricterPurpose('service', null)).toBe('service');
});

test('a Persian date is written day first', () => {
  expect(jalaliDate(now, 'Asia/Tehran')).toBe('شنبه ۳۰ آبان ۱۴۰۵');
  expect(jalaliDate(Temporal.Instant.from('2026-03-20T21:00:00Z'), 'Asia/Tehran')).toBe('شنبه ۱ فروردین ۱۴۰۵');
  expect(jalaliDate(Temporal.Instant.from('2026-03-20T20:00:00Z'), 'Asia/Tehran')).toBe('جمعه ۲۹ اسفند ۱۴۰۴');
});

test('addresses are kept under a name that does not depend on how they are written', () => {
  expect(addressKey('email', ' Sara@Example.com ')).toBe(addressKey('email', 'sara@example.com'));
  expect(addressKey('email', 'a@b.c')).not.toBe(addressKey('sms', 'a@b.c'));
  expect(maskAddress('+989121234567')).toBe('+989***567');
  expect(maskAddress('sara@example.com')).toBe('s***@example.com');
});
