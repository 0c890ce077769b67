import type { LifecycleState } from '@vafa/contracts';
import { readTimeToLive } from '@vafa/kernel';
import type { Campaign } from './campaign.ts';
import { conditionsHold } from './condition.ts';

/** A campaign as the handlers of events need it. */
export interface TriggeredCampaign extends Campaign {
  status: 'active' | 'paused';
  timeToLiveMs: number;
}

/** Something that happened to a customer and may set off campaigns. */
export interface Occurrence {
  /** Event type. */
  type: string;
  /** Natural key: the same happening has the same key, however often it is told. */
  triggerKey: string;
  customerId: string;
  atMs: number;
  data: Readonly<Record<string, unknown>>;
}

export type EntryStatus = 'requested' | 'expired' | 'skipped';

/**
 * What a campaign does about an occurrence. `keep` false: only counted, because imported history would write a row for
 * every event of a shop's past.
 */
export type Decision =
  | { status: 'requested' }
  | { status: 'skipped'; reason: 'paused' }
  | { status: 'expired'; reason: 'too_old'; keep: boolean };

const LIFECYCLE_CHANGED = 'lifecycle.changed';

/** The event type that can set a campaign off; none for a scheduled one. */
const eventTypeOf = ({ trigger }: Campaign): string | undefined => {
  if (trigger.kind === 'event') return trigger.eventType;
  return trigger.kind === 'lifecycle' ? LIFECYCLE_CHANGED : undefined;
};

export type CampaignIndex = ReadonlyMap<string, readonly TriggeredCampaign[]>;

/** Active and paused campaigns by the event type that sets them off. */
export const indexByEvent = (campaigns: readonly Campaign[]): CampaignIndex => {
  const index = new Map<string, TriggeredCampaign[]>();
  for (const campaign of campaigns) {
    const { status } = campaign;
    const type = eventTypeOf(campaign);
    const length = readTimeToLive(campaign.timeToLive);
    if (!type || !('ms' in length) || (status !== 'active' && status !== 'paused')) continue;
    const entry = { ...campaign, status, timeToLiveMs: length.ms };
    const sameType = index.get(type);
    if (sameType) sameType.push(entry);
    else index.set(type, [entry]);
  }
  return index;
};

const matches = ({ trigger }: Campaign, { data }: Occurrence): boolean => {
  if (trigger.kind === 'event')
    return (
      (trigger.interactionType === undefined || trigger.interactionType === data.interactionType) &&
      conditionsHold(trigger.conditions, data)
    );
  if (trigger.kind === 'lifecycle')
    return (
      trigger.to.includes(data.to as LifecycleState) && (trigger.from?.includes(data.from as LifecycleState) ?? true)
    );
  return false;
};

/** What a campaign does about an occurrence of its event type; undefined when its conditions don't hold. */
export const decide = (
  campaign: TriggeredCampaign,
  occurrence: Occurrence,
  nowMs: number,
  keepExpiredMs: number,
): Decision | undefined => {
  if (!matches(campaign, occurrence)) return undefined;
  const lateMs = nowMs - occurrence.atMs - campaign.timeToLiveMs;
  if (lateMs > 0) return { status: 'expired', reason: 'too_old', keep: lateMs <= keepExpiredMs };
  return campaign.status === 'paused' ? { status: 'skipped', reason: 'paused' } : { status: 'requested' };
};
