import { expect, test } from 'vitest';
import { ms, structure } from '../../test/tiers.fixture.ts';
import { betterTier } from './better-tier.ts';
import type { TierState } from './state.ts';

const SHORT = ms('2026-03-20T20:29:59.999Z');
const LONG = ms('2027-03-20T20:29:59.999Z');
const EARLY = ms('2025-04-01T08:00:00Z');
const LATE = ms('2025-06-01T08:00:00Z');

const having = (tier: string | null, validUntilMs: number | null = SHORT, sinceMs = EARLY): TierState => ({
  tier,
  sinceMs,
  validUntilMs,
  graceUntilMs: null,
});

test.each<[string, TierState | undefined, TierState | undefined, TierState | undefined]>([
  ['the higher tier, though it ends sooner', having('gold'), having('silver', LONG), having('gold')],
  ['nothing of a lower tier that lasts longer', having('silver', null), having('gold'), undefined],
  ['a tier where there was none', having('silver'), undefined, having('silver')],
  ['nothing of who never had one', undefined, having('silver'), undefined],
  ['nothing of who fell out of the lowest', having(null, null), undefined, undefined],
  ['nothing of a tier that is no more', having('bronze', null), having(null, null), undefined],
  ['the longer validity of the same tier', having('gold', LONG), having('gold', SHORT), having('gold', LONG)],
  ['what can not be lost, of the same tier', having('gold', null), having('gold', LONG), having('gold', null)],
  ['nothing of a shorter validity of the same tier', having('gold', SHORT), having('gold', LONG), undefined],
  ['nothing of the same tier as long', having('gold', LONG), having('gold', LONG), undefined],
  ['nothing of a tier that can be lost beside one that can not', having('gold', LONG), having('gold', null), undefined],
])('who lives on is given %s', (_, gone, kept, expected) => {
  expect(betterTier(structure(), gone, kept)).toEqual(expected);
});

test('of the same tier it is had since the earlier of both, whichever of them lives on', () => {
  const [one, other] = [having('gold', LONG, LATE), having('gold', SHORT, EARLY)];
  expect(betterTier(structure(), one, other)).toEqual(having('gold', LONG, EARLY));
  expect(betterTier(structure(), other, one)).toEqual(having('gold', LONG, EARLY));
});

test('without tiers, that of who lives on stays, unless it is the same and ends sooner', () => {
  expect(betterTier(undefined, having('gold', LONG), having('silver'))).toBeUndefined();
  expect(betterTier(undefined, having('gold', LONG), having('gold', SHORT))).toEqual(having('gold', LONG));
  expect(betterTier(undefined, having('gold'), undefined)).toEqual(having('gold'));
});
