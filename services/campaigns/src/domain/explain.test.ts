import { describe, expect, it } from 'vitest';
import type { Campaign } from './campaign.ts';
import { type Evidence, explain } from './explain.ts';

const campaign: Campaign = {
  id: 'welcome',
  name: 'Welcome',
  status: 'active',
  purpose: 'service',
  messages: [{ channel: 'sms', templateId: 'welcome' }],
  trigger: { kind: 'event', eventType: 'purchase.completed', conditions: [] },
  frequency: 'every_time',
  timeToLive: 'P1D',
  version: 1,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
};
const scheduled: Campaign = {
  ...campaign,
  trigger: { kind: 'scheduled', at: '2026-12-01T00:00:00Z', audience: { lifecycle: ['loyal', 'active'] } },
};
const requested = { status: 'requested' as const, reason: null };

describe('explain', () => {
  const table: [string, Partial<Evidence>, string][] = [
    ['requested and nothing heard', { entries: [requested] }, 'requested'],
    ['sent', { entries: [requested], outcomes: [{ status: 'sent', reason: null }] }, 'sent'],
    [
      'delivered after sent',
      {
        entries: [requested],
        outcomes: [
          { status: 'sent', reason: null },
          { status: 'delivered', reason: null },
        ],
      },
      'delivered',
    ],
    ['suppressed', { entries: [requested], outcomes: [{ status: 'suppressed', reason: 'no_consent' }] }, 'suppressed'],
    [
      'one suppressed, the other delivered',
      {
        entries: [requested],
        outcomes: [
          { status: 'suppressed', reason: 'no_contact' },
          { status: 'delivered', reason: null },
        ],
      },
      'delivered',
    ],
    ['requested once, skipped later', { entries: [{ status: 'skipped', reason: 'paused' }, requested] }, 'requested'],
    ['skipped', { entries: [{ status: 'skipped', reason: 'paused' }] }, 'skipped'],
    ['expired', { entries: [{ status: 'expired', reason: 'too_old' }] }, 'expired'],
    ['only of the past', { tallies: [{ outcome: 'expired', lastAt: '2011-12-09T12:50:00Z' }] }, 'expired'],
    ['nothing at all', {}, 'not_triggered'],
    ['a draft', { campaign: { ...campaign, status: 'draft' } }, 'not_active'],
    ['not in the audience', { campaign: scheduled, lifecycle: 'dormant' }, 'not_in_audience'],
    ['unknown to segmentation', { campaign: scheduled }, 'not_in_audience'],
    ['in the audience, not reached', { campaign: scheduled, lifecycle: 'loyal' }, 'not_reached'],
  ];
  it.each(table)('%s', (_name, evidence, code) => {
    expect(explain({ campaign, entries: [], outcomes: [], tallies: [], lifecycle: undefined, ...evidence }).code).toBe(
      code,
    );
  });

  it('names the reason', () => {
    const { text } = explain({
      campaign,
      entries: [requested],
      outcomes: [{ status: 'suppressed', reason: 'no_consent' }],
      tallies: [],
      lifecycle: undefined,
    });
    expect(text).toBe('A message was requested and suppressed: no_consent.');
  });
});
