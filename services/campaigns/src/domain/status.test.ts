import { expect, it } from 'vitest';
import type { CampaignStatus } from './campaign.ts';
import { nextStatus, type StatusChange } from './status.ts';

const table: [CampaignStatus, StatusChange, CampaignStatus | undefined][] = [
  ['draft', 'activate', 'active'],
  ['draft', 'pause', undefined],
  ['draft', 'resume', undefined],
  ['draft', 'stop', 'stopped'],
  ['active', 'activate', undefined],
  ['active', 'pause', 'paused'],
  ['active', 'resume', undefined],
  ['active', 'stop', 'stopped'],
  ['paused', 'activate', undefined],
  ['paused', 'pause', undefined],
  ['paused', 'resume', 'active'],
  ['paused', 'stop', 'stopped'],
  ['stopped', 'activate', undefined],
  ['stopped', 'pause', undefined],
  ['stopped', 'resume', undefined],
  ['stopped', 'stop', undefined],
];

it.each(table)('%s + %s = %s', (status, change, expected) => {
  if (expected) expect(nextStatus(status, change)).toBe(expected);
  else
    expect(() => nextStatus(status, change)).toThrowError(expect.objectContaining({ code: 'campaigns.wrong_status' }));
});
