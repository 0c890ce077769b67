import { AppError, type FieldProblem } from '@vafa/kernel';

/** By how much silence, in days of 24 hours, and by how many orders customers are told apart. */
export interface Thresholds {
  /** Silence longer than this: at risk (T1). */
  atRiskAfterDays: number;
  /** Silence longer than this: dormant (T2). */
  dormantAfterDays: number;
  /** Silence longer than this: churned (T3). */
  churnedAfterDays: number;
  /** Orders from which an active customer is loyal (K). */
  loyalOrders: number;
}

/** The thresholds as they were from an instant on. Version 0 is what Vafa starts with and has no instant. */
export interface SettingsVersion {
  version: number;
  thresholds: Thresholds;
  changedAt: Temporal.Instant | undefined;
}

/** All versions, oldest first; never empty. */
export type Settings = readonly [SettingsVersion, ...SettingsVersion[]];

/** Good enough until a shop's own orders tell better: the usual gap between orders of a shop is some weeks. */
export const DEFAULT_THRESHOLDS: Thresholds = {
  atRiskAfterDays: 60,
  dormantAfterDays: 120,
  churnedAfterDays: 240,
  loyalOrders: 5,
};

export const FIRST_SETTINGS: SettingsVersion = { version: 0, thresholds: DEFAULT_THRESHOLDS, changedAt: undefined };

/** Ten years: longer silence tells nothing. */
export const MAX_DAYS = 3_650;
export const MAX_LOYAL_ORDERS = 1_000;

export const latestSettings = (settings: Settings): SettingsVersion => settings.at(-1) ?? settings[0];

export const sameThresholds = (a: Thresholds, b: Thresholds): boolean =>
  a.atRiskAfterDays === b.atRiskAfterDays &&
  a.dormantAfterDays === b.dormantAfterDays &&
  a.churnedAfterDays === b.churnedAfterDays &&
  a.loyalOrders === b.loyalOrders;

/**
 * Refuses thresholds that would leave a state empty.
 * @throws AppError invalid segmentation.invalid_thresholds unless atRisk < dormant < churned
 */
export const checkThresholds = (thresholds: Thresholds): void => {
  const problems: FieldProblem[] = [];
  if (thresholds.dormantAfterDays <= thresholds.atRiskAfterDays)
    problems.push({ path: '/dormantAfterDays', message: 'must be more than atRiskAfterDays' });
  if (thresholds.churnedAfterDays <= thresholds.dormantAfterDays)
    problems.push({ path: '/churnedAfterDays', message: 'must be more than dormantAfterDays' });
  if (problems.length > 0)
    throw new AppError(
      'invalid',
      'segmentation.invalid_thresholds',
      'the thresholds must rise from at risk to churned',
      { problems },
    );
};
