import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { Campaign } from '../domain/campaign.ts';
import { type ContentInput, readContent } from '../domain/read-content.ts';
import { nextStatus, type StatusChange } from '../domain/status.ts';
import { insertAudit } from '../store/audit.ts';
import { cancelBroadcast, lockBroadcast, scheduleBroadcast } from '../store/broadcasts.ts';
import { countRevision, insertCampaign, lockCampaign, updateCampaign } from '../store/campaigns.ts';
import { conditionFields } from './condition-fields.ts';
import { scheduledEnd } from './expand-broadcast.ts';

/** Who changes something, and when. */
export interface Change {
  actor: string;
  now: Temporal.Instant;
}

/**
 * A new campaign, as a draft.
 * @throws campaigns.invalid_campaign, campaigns.already_exists
 */
export const createCampaign = async (tx: Tx, id: string, input: ContentInput, change: Change): Promise<Campaign> => {
  const at = change.now.toString();
  const campaign: Campaign = {
    ...readContent(input, conditionFields),
    id,
    status: 'draft',
    version: 1,
    createdAt: at,
    updatedAt: at,
  };
  if (!(await insertCampaign(tx, campaign)))
    throw new AppError('conflict', 'campaigns.already_exists', `there is a campaign ${id} already`);
  await finish(tx, 'create', undefined, campaign, change);
  return campaign;
};

/**
 * Replaces a campaign's content; each change is a new version. What has been requested keeps its version. `version`, when
 * given, is the one the caller saw.
 * @throws campaigns.not_found, campaigns.invalid_campaign, campaigns.version_mismatch, campaigns.wrong_status (stopped),
 * campaigns.kind_fixed (trigger of another kind, once activated), campaigns.broadcast_begun, campaigns.schedule_passed
 */
export const replaceCampaign = async (
  tx: Tx,
  id: string,
  input: ContentInput & { version?: number },
  change: Change,
): Promise<Campaign> => {
  const before = await getForChange(tx, id);
  if (input.version !== undefined && input.version !== before.version)
    throw new AppError('conflict', 'campaigns.version_mismatch', `the campaign is at version ${before.version} now`);
  if (before.status === 'stopped')
    throw new AppError('conflict', 'campaigns.wrong_status', 'a stopped campaign is not changed any more');
  const content = readContent(input, conditionFields);
  const after: Campaign = { ...before, ...content, version: before.version + 1, updatedAt: change.now.toString() };
  if (before.status !== 'draft') {
    if (before.trigger.kind !== after.trigger.kind)
      throw new AppError(
        'conflict',
        'campaigns.kind_fixed',
        `an activated campaign stays of the kind ${before.trigger.kind}`,
      );
    await schedule(tx, after, change.now);
  }
  await updateCampaign(tx, after);
  await finish(tx, 'replace', before, after, change);
  return after;
};

/**
 * Activates, pauses, resumes or stops.
 * @throws campaigns.not_found, campaigns.wrong_status, campaigns.schedule_passed
 */
export const changeStatus = async (tx: Tx, id: string, what: StatusChange, change: Change): Promise<Campaign> => {
  const before = await getForChange(tx, id);
  const after: Campaign = { ...before, status: nextStatus(before.status, what), updatedAt: change.now.toString() };
  if (what === 'activate') await schedule(tx, after, change.now);
  if (what === 'stop') await cancelBroadcast(tx, id, change.now);
  await updateCampaign(tx, after);
  await finish(tx, what, before, after, change);
  return after;
};

const getForChange = async (tx: Tx, id: string): Promise<Campaign> => {
  const campaign = await lockCampaign(tx, id);
  if (!campaign) throw new AppError('not_found', 'campaigns.not_found', `there is no campaign ${id}`);
  return campaign;
};

/** Sets the hour of a scheduled campaign; the job takes it from there. */
const schedule = async (tx: Tx, campaign: Campaign, now: Temporal.Instant): Promise<void> => {
  const { trigger, id } = campaign;
  if (trigger.kind !== 'scheduled') return;
  const broadcast = await lockBroadcast(tx, id);
  if (broadcast && broadcast.status !== 'waiting')
    throw new AppError(
      'conflict',
      'campaigns.broadcast_begun',
      `the broadcast is ${broadcast.status}: it is not changed any more`,
    );
  if (Temporal.Instant.compare(now, scheduledEnd(campaign, Temporal.Instant.from(trigger.at))) > 0)
    throw new AppError(
      'rejected',
      'campaigns.schedule_passed',
      `${trigger.at} is longer ago than the time to live ${campaign.timeToLive}`,
    );
  await scheduleBroadcast(tx, id, trigger.at);
};

const finish = async (
  tx: Tx,
  action: string,
  before: Campaign | undefined,
  after: Campaign,
  { actor, now }: Change,
): Promise<void> => {
  await insertAudit(tx, { campaignId: after.id, at: now, actor, action, before, after });
  await countRevision(tx);
};
