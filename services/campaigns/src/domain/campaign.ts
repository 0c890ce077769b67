import type { LifecycleState } from '@vafa/contracts';

/** draft: written, does nothing · active: works · paused: records what it would have done · stopped: over for good. */
export type CampaignStatus = 'draft' | 'active' | 'paused' | 'stopped';

/** Why its messages are sent. A one-time password is no campaign. */
export const CAMPAIGN_PURPOSES = ['transactional', 'service', 'promotional'] as const;
export type CampaignPurpose = (typeof CAMPAIGN_PURPOSES)[number];

export const CHANNELS = ['sms', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/** One message of a campaign: a template of messaging's on one channel. */
export interface CampaignMessage {
  channel: Channel;
  templateId: string;
}

/** Events a campaign can be triggered by. */
export const TRIGGER_EVENTS = [
  'purchase.completed',
  'interaction.recorded',
  'points.earned',
  'points.redeemed',
  'points.expired',
  'points.expiring_soon',
  'tier.changed',
] as const;
export type TriggerEventType = (typeof TRIGGER_EVENTS)[number];

export const CONDITION_OPS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in'] as const;
export type ConditionOp = (typeof CONDITION_OPS)[number];
export type Scalar = string | number | boolean;

/** What must hold of one field of the event's data; `attributes.x` reaches into the shop's own fields. */
export interface Condition {
  field: string;
  op: ConditionOp;
  value: Scalar | Scalar[];
}

interface EventTrigger {
  kind: 'event';
  eventType: TriggerEventType;
  /** Only with `interaction.recorded`, and always with it. */
  interactionType?: string;
  /** All must hold. */
  conditions: Condition[];
}

interface LifecycleTrigger {
  kind: 'lifecycle';
  to: LifecycleState[];
  /** Any state when not given. */
  from?: LifecycleState[];
}

export interface ScheduledTrigger {
  kind: 'scheduled';
  /** ISO 8601 instant. */
  at: string;
  audience: { lifecycle: LifecycleState[] };
}

export type Trigger = EventTrigger | LifecycleTrigger | ScheduledTrigger;
export type Frequency = 'once_per_customer' | 'every_time';

/** What its author decides. */
export interface CampaignContent {
  name: string;
  purpose: CampaignPurpose;
  messages: CampaignMessage[];
  trigger: Trigger;
  frequency: Frequency;
  /** ISO 8601 duration of fixed length: a trigger older than this sets off nothing. */
  timeToLive: string;
}

export interface Campaign extends CampaignContent {
  id: string;
  status: CampaignStatus;
  /** Counts up with every change of the content. */
  version: number;
  createdAt: string;
  updatedAt: string;
}
