import type { Queryable, Tx } from '@vafa/bus';
import { FIRST_SETTINGS, type Settings, type SettingsVersion, type Thresholds } from '../domain/thresholds.ts';

interface SettingsRow extends Thresholds {
  version: number;
  changedBy: string;
  changedAt: string;
  reviewedTo: string;
  reviewedAt: string | null;
}

/** A version with who made it and how far customers were looked at again. */
export interface StoredSettings extends SettingsVersion {
  changedBy: string | undefined;
  /** All customers up to this id are done. */
  reviewedTo: string;
  reviewedAt: Temporal.Instant | undefined;
}

const FIRST: StoredSettings = { ...FIRST_SETTINGS, changedBy: undefined, reviewedTo: '', reviewedAt: undefined };

const settingsOf = ({
  version,
  changedBy,
  changedAt,
  reviewedTo,
  reviewedAt,
  ...thresholds
}: SettingsRow): StoredSettings => ({
  version,
  thresholds,
  changedBy,
  changedAt: Temporal.Instant.from(changedAt),
  reviewedTo,
  reviewedAt: reviewedAt === null ? undefined : Temporal.Instant.from(reviewedAt),
});

/** All versions, oldest first, the built-in one among them. */
export const findSettings = async (sql: Queryable): Promise<[StoredSettings, ...StoredSettings[]]> => {
  const rows = await sql<SettingsRow[]>`select version, at_risk_after_days as "atRiskAfterDays",
      dormant_after_days as "dormantAfterDays", churned_after_days as "churnedAfterDays", loyal_orders as "loyalOrders",
      changed_by as "changedBy", changed_at as "changedAt", reviewed_to as "reviewedTo", reviewed_at as "reviewedAt"
    from lifecycle_settings order by version`;
  return [FIRST, ...rows.map(settingsOf)];
};

/**
 * The settings, which can't change until this transaction ends: so no customer is written by old thresholds after the
 * review of the new ones has passed by.
 */
export const holdSettings = async (tx: Tx): Promise<Settings> => {
  const [, settings] = await Promise.all([tx`lock table lifecycle_settings in row share mode`, findSettings(tx)]);
  return settings;
};

/** Waits until nobody works by the present settings any more, and keeps others from starting. */
export const lockSettingsForChange = async (tx: Tx): Promise<void> => {
  await tx`lock table lifecycle_settings in exclusive mode`;
};

export const insertSettings = async (
  tx: Tx,
  version: number,
  thresholds: Thresholds,
  by: string,
  at: Temporal.Instant,
): Promise<void> => {
  await tx`insert into lifecycle_settings (version, at_risk_after_days, dormant_after_days, churned_after_days, loyal_orders,
      changed_by, changed_at, reviewed_to)
    values (${version}, ${thresholds.atRiskAfterDays}, ${thresholds.dormantAfterDays}, ${thresholds.churnedAfterDays},
      ${thresholds.loyalOrders}, ${by}, ${at.toString()}::timestamptz, '')`;
};

/** How far the review of a version came; `doneAt` ends it. */
export const noteReviewed = async (
  tx: Tx,
  version: number,
  reviewedTo: string,
  doneAt: Temporal.Instant | undefined,
): Promise<void> => {
  await tx`update lifecycle_settings set reviewed_to = ${reviewedTo}, reviewed_at = ${doneAt?.toString() ?? null}::timestamptz
    where version = ${version}`;
};
