/** active: works · paused: timers are set, none fires · stopped: over for good, its timers are cancelled. */
export type DefinitionStatus = 'active' | 'paused' | 'stopped';

/** Why its messages are sent. A one-time password is no reminder. */
export const REMINDER_PURPOSES = ['transactional', 'service', 'promotional'] as const;
export type ReminderPurpose = (typeof REMINDER_PURPOSES)[number];

export const CHANNELS = ['sms', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/** One message of a reminder: a template of messaging's on one channel. */
export interface ReminderMessage {
  channel: Channel;
  templateId: string;
}

/** What every definition says. */
interface Common {
  name: string;
  purpose: ReminderPurpose;
  messages: ReminderMessage[];
  /** `HH:mm` in the customer's own time zone. */
  timeOfDay?: string;
  /** ISO 8601 duration of fixed length: a timer that is past due by more is not fired any more. */
  timeToLive: string;
}

/** So many days after a purchase of the category, unless bought again. */
interface ReplenishmentContent extends Common {
  kind: 'replenishment';
  category: string;
  afterDays: number;
}

/** When points are about to expire: at once, or at the next time of day before they do. */
interface PointsExpiringContent extends Common {
  kind: 'points_expiring';
}

export type DefinitionContent = ReplenishmentContent | PointsExpiringContent;

/** What stays the same of a definition while its content changes. */
export interface DefinitionHead {
  id: string;
  status: DefinitionStatus;
  /** Counts up with every change of the content. */
  version: number;
  createdAt: string;
  updatedAt: string;
}

export type Replenishment = DefinitionHead & ReplenishmentContent;
export type PointsExpiring = DefinitionHead & PointsExpiringContent;
export type Definition = Replenishment | PointsExpiring;
