import { AppError } from '@vafa/kernel';
import { expect, it } from 'vitest';
import { type DefinitionInput, readDefinition } from './read-definition.ts';

const input = (changes: Partial<DefinitionInput>): DefinitionInput => ({
  kind: 'replenishment',
  name: 'Coffee',
  purpose: 'promotional',
  messages: [{ channel: 'sms', templateId: 'coffee' }],
  category: 'coffee',
  afterDays: 30,
  ...changes,
});

it('fills in what was left out', () => {
  expect(readDefinition(input({}))).toEqual({ ...input({}), timeToLive: 'P1D' });
});

const table: [string, DefinitionInput, unknown[]][] = [
  [
    'a replenishment without category and days',
    { kind: 'replenishment', name: 'x', purpose: 'service', messages: [] },
    [
      { path: '/category', message: 'is needed by a reminder of kind replenishment' },
      { path: '/afterDays', message: 'is needed by a reminder of kind replenishment' },
    ],
  ],
  [
    'a category for expiring points',
    input({ kind: 'points_expiring' }),
    [
      { path: '/category', message: 'does not belong to a reminder of kind points_expiring' },
      { path: '/afterDays', message: 'does not belong to a reminder of kind points_expiring' },
    ],
  ],
  [
    'two messages on one channel',
    input({
      messages: [
        { channel: 'email', templateId: 'a' },
        { channel: 'email', templateId: 'b' },
      ],
    }),
    [{ path: '/messages/1/channel', message: 'email is named twice: one message per channel' }],
  ],
  [
    'a duration in months',
    input({ timeToLive: 'P1M' }),
    [{ path: '/timeToLive', message: 'must be in weeks, days, hours, minutes or seconds' }],
  ],
];
it.each(table)('refuses %s', (_name, given, problems) => {
  expect.assertions(1);
  try {
    readDefinition(given);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.details.problems).toEqual(problems);
  }
});
