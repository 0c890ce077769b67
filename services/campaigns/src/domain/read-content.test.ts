import { AppError } from '@vafa/kernel';
import { describe, expect, it } from 'vitest';
import type { FieldKind } from './condition.ts';
import { type ContentInput, readContent } from './read-content.ts';

const fieldsOf = () => new Map<string, FieldKind>([['totalMinor', 'number']]);
const input = (changes: Partial<ContentInput>): ContentInput => ({
  name: 'Welcome',
  purpose: 'transactional',
  messages: [{ channel: 'sms', templateId: 'welcome' }],
  trigger: { kind: 'event', eventType: 'purchase.completed' },
  ...changes,
});

const problemsOf = (changes: Partial<ContentInput>): unknown => {
  try {
    readContent(input(changes), fieldsOf);
  } catch (error) {
    if (error instanceof AppError) return error.details.problems;
    throw error;
  }
  return [];
};

describe('readContent', () => {
  it('fills in what was left out', () => {
    expect(readContent(input({}), fieldsOf)).toEqual({
      name: 'Welcome',
      purpose: 'transactional',
      messages: [{ channel: 'sms', templateId: 'welcome' }],
      trigger: { kind: 'event', eventType: 'purchase.completed', conditions: [] },
      frequency: 'every_time',
      timeToLive: 'P1D',
    });
  });

  it('keeps each instant in one form and each state once', () => {
    const { trigger } = readContent(
      input({
        trigger: { kind: 'scheduled', at: '2026-12-01T12:00:00+03:30', audience: { lifecycle: ['new', 'new'] } },
      }),
      fieldsOf,
    );
    expect(trigger).toEqual({ kind: 'scheduled', at: '2026-12-01T08:30:00Z', audience: { lifecycle: ['new'] } });
  });

  const table: [string, Partial<ContentInput>, unknown[]][] = [
    [
      'two messages on one channel',
      {
        messages: [
          { channel: 'sms', templateId: 'a' },
          { channel: 'sms', templateId: 'b' },
        ],
      },
      [{ path: '/messages/1/channel', message: 'sms is named twice: one message per channel' }],
    ],
    [
      'a field of another kind',
      { trigger: { kind: 'lifecycle', to: ['new'], at: '2026-12-01T00:00:00Z' } },
      [{ path: '/trigger/at', message: 'does not belong to a trigger of kind lifecycle' }],
    ],
    [
      'a missing field',
      { trigger: { kind: 'scheduled', at: '2026-12-01T00:00:00Z' } },
      [{ path: '/trigger/audience', message: 'is needed by a trigger of kind scheduled' }],
    ],
    [
      'an interaction without its type',
      { trigger: { kind: 'event', eventType: 'interaction.recorded' } },
      [{ path: '/trigger/interactionType', message: 'is needed with interaction.recorded' }],
    ],
    [
      'an interaction type that there can not be',
      { trigger: { kind: 'event', eventType: 'interaction.recorded', interactionType: 'Sign up' } },
      [
        {
          path: '/trigger/interactionType',
          message: 'must be a type that interactions may have: a-z, 0-9, _ and dots, 64 at most',
        },
      ],
    ],
    [
      'an interaction type elsewhere',
      { trigger: { kind: 'event', eventType: 'points.earned', interactionType: 'signup' } },
      [{ path: '/trigger/interactionType', message: 'belongs to interaction.recorded only' }],
    ],
    [
      'an unknown field in a condition',
      {
        trigger: {
          kind: 'event',
          eventType: 'purchase.completed',
          conditions: [{ field: 'total', op: 'gt', value: 1 }],
        },
      },
      [{ path: '/trigger/conditions/0', message: 'field "total" is not one of: totalMinor' }],
    ],
    [
      'an instant without an offset',
      { trigger: { kind: 'scheduled', at: '2026-12-01T00:00:00', audience: { lifecycle: ['new'] } } },
      [{ path: '/trigger/at', message: 'must be an ISO 8601 instant with an offset' }],
    ],
    [
      'a calendar duration, and another problem beside it',
      { timeToLive: 'P1M', trigger: { kind: 'lifecycle' } },
      [
        { path: '/timeToLive', message: 'must be in weeks, days, hours, minutes or seconds' },
        { path: '/trigger/to', message: 'is needed by a trigger of kind lifecycle' },
      ],
    ],
  ];
  it.each(table)('refuses %s', (_name, changes, problems) => {
    expect(problemsOf(changes)).toEqual(problems);
  });
});
