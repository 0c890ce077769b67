import { describe, expect, it } from 'vitest';
import type { Campaign, Trigger } from './campaign.ts';
import { decide, indexByEvent, type Occurrence, type TriggeredCampaign } from './decide.ts';

const DAY = 86_400_000;
const NOW = 1_000 * DAY;

const campaign = (changes: Partial<TriggeredCampaign> = {}): TriggeredCampaign => ({
  id: 'welcome',
  name: 'Welcome',
  status: 'active',
  purpose: 'service',
  messages: [{ channel: 'sms', templateId: 'welcome' }],
  trigger: { kind: 'event', eventType: 'purchase.completed', conditions: [] },
  frequency: 'every_time',
  timeToLive: 'P1D',
  timeToLiveMs: DAY,
  version: 1,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
  ...changes,
});

const happened = (changes: Partial<Occurrence> = {}): Occurrence => ({
  type: 'purchase.completed',
  triggerKey: 'order:1',
  customerId: 'c1',
  atMs: NOW,
  data: { totalMinor: 100 },
  ...changes,
});

const decided = (given: TriggeredCampaign, when: Occurrence) => decide(given, when, NOW, 7 * DAY);

describe('decide', () => {
  it('requests while the time to live has not passed, to the millisecond', () => {
    expect(decided(campaign(), happened())).toEqual({ status: 'requested' });
    expect(decided(campaign(), happened({ atMs: NOW - DAY }))).toEqual({ status: 'requested' });
    expect(decided(campaign(), happened({ atMs: NOW - DAY - 1 }))).toEqual({
      status: 'expired',
      reason: 'too_old',
      keep: true,
    });
  });

  it('only counts what is history', () => {
    expect(decided(campaign(), happened({ atMs: NOW - 8 * DAY }))).toMatchObject({ keep: true });
    expect(decided(campaign(), happened({ atMs: NOW - 8 * DAY - 1 }))).toMatchObject({
      status: 'expired',
      keep: false,
    });
  });

  it('records what a paused campaign would have done, and what was too old as such', () => {
    expect(decided(campaign({ status: 'paused' }), happened())).toEqual({ status: 'skipped', reason: 'paused' });
    expect(decided(campaign({ status: 'paused' }), happened({ atMs: 0 }))).toMatchObject({ status: 'expired' });
  });

  it('leaves what does not match alone, old or not', () => {
    const big: Trigger = {
      kind: 'event',
      eventType: 'purchase.completed',
      conditions: [{ field: 'totalMinor', op: 'gt', value: 100 }],
    };
    expect(decided(campaign({ trigger: big }), happened())).toBeUndefined();
    expect(decided(campaign({ trigger: big }), happened({ atMs: 0 }))).toBeUndefined();
  });

  it('tells interactions by their type', () => {
    const trigger: Trigger = {
      kind: 'event',
      eventType: 'interaction.recorded',
      interactionType: 'signup',
      conditions: [],
    };
    const of = (interactionType: string) => decided(campaign({ trigger }), happened({ data: { interactionType } }));
    expect(of('signup')).toEqual({ status: 'requested' });
    expect(of('app.opened')).toBeUndefined();
  });

  it.each([
    ['new', 'dormant', true],
    ['active', 'dormant', false],
    ['new', 'loyal', false],
  ])('lifecycle %s → %s with to dormant from new: %s', (from, to, expected) => {
    const trigger: Trigger = { kind: 'lifecycle', to: ['dormant'], from: ['new'] };
    expect(decided(campaign({ trigger }), happened({ data: { from, to } })) !== undefined).toBe(expected);
    const fromAny: Trigger = { kind: 'lifecycle', to: ['dormant'] };
    expect(decided(campaign({ trigger: fromAny }), happened({ data: { from, to } })) !== undefined).toBe(
      to === 'dormant',
    );
  });
});

describe('indexByEvent', () => {
  it('holds active and paused campaigns that events can set off', () => {
    const all: Campaign[] = [
      campaign({ id: 'a' }),
      campaign({ id: 'b', status: 'paused' }),
      { ...campaign({ id: 'c' }), status: 'draft' },
      { ...campaign({ id: 'd' }), status: 'stopped' },
      campaign({ id: 'e', trigger: { kind: 'lifecycle', to: ['new'] } }),
      campaign({
        id: 'f',
        trigger: { kind: 'scheduled', at: '2026-12-01T00:00:00Z', audience: { lifecycle: ['new'] } },
      }),
    ];
    const index = indexByEvent(all);
    expect([...index].map(([type, campaigns]) => [type, campaigns.map(({ id }) => id)])).toEqual([
      ['purchase.completed', ['a', 'b']],
      ['lifecycle.changed', ['e']],
    ]);
  });
});
