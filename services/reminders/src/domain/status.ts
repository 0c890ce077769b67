import { AppError } from '@vafa/kernel';
import type { DefinitionStatus } from './definition.ts';

export type StatusChange = 'pause' | 'resume' | 'stop';

const CHANGES: Readonly<Record<StatusChange, { from: readonly DefinitionStatus[]; to: DefinitionStatus }>> = {
  pause: { from: ['active'], to: 'paused' },
  resume: { from: ['paused'], to: 'active' },
  stop: { from: ['active', 'paused'], to: 'stopped' },
};

/** @throws reminders.wrong_status when a definition of this status can't be changed so; stopped is for ever */
export const nextStatus = (status: DefinitionStatus, change: StatusChange): DefinitionStatus => {
  const { from, to } = CHANGES[change];
  if (!from.includes(status))
    throw new AppError('conflict', 'reminders.wrong_status', `a definition that is ${status} can't ${change}`, {
      status,
      allowedFrom: [...from],
    });
  return to;
};
