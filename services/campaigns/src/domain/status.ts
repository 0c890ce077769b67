import { AppError } from '@vafa/kernel';
import type { CampaignStatus } from './campaign.ts';

export type StatusChange = 'activate' | 'pause' | 'resume' | 'stop';

const CHANGES: Readonly<Record<StatusChange, { from: readonly CampaignStatus[]; to: CampaignStatus }>> = {
  activate: { from: ['draft'], to: 'active' },
  pause: { from: ['active'], to: 'paused' },
  resume: { from: ['paused'], to: 'active' },
  stop: { from: ['draft', 'active', 'paused'], to: 'stopped' },
};

/** @throws campaigns.wrong_status when a campaign of this status can't be changed so; stopped is for ever */
export const nextStatus = (status: CampaignStatus, change: StatusChange): CampaignStatus => {
  const { from, to } = CHANGES[change];
  if (!from.includes(status))
    throw new AppError('conflict', 'campaigns.wrong_status', `a campaign that is ${status} can't ${change}`, {
      status,
      allowedFrom: [...from],
    });
  return to;
};
