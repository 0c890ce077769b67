import { expect, it } from 'vitest';
import type { DefinitionStatus } from './definition.ts';
import { nextStatus, type StatusChange } from './status.ts';

const table: [DefinitionStatus, StatusChange, DefinitionStatus | undefined][] = [
  ['active', 'pause', 'paused'],
  ['active', 'resume', undefined],
  ['active', 'stop', 'stopped'],
  ['paused', 'pause', undefined],
  ['paused', 'resume', 'active'],
  ['paused', 'stop', 'stopped'],
  ['stopped', 'pause', undefined],
  ['stopped', 'resume', undefined],
  ['stopped', 'stop', undefined],
];

it.each(table)('%s + %s = %s', (status, change, expected) => {
  if (expected) expect(nextStatus(status, change)).toBe(expected);
  else
    expect(() => nextStatus(status, change)).toThrowError(expect.objectContaining({ code: 'reminders.wrong_status' }));
});
