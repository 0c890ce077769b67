import type { Tx } from '@vafa/bus';
import { AppError, present } from '@vafa/kernel';
import { checkThresholds, sameThresholds, type Thresholds } from '../domain/thresholds.ts';
import { findSettings, insertSettings, lockSettingsForChange, type StoredSettings } from '../store/settings.ts';

export interface ChangeSettings {
  thresholds: Thresholds;
  /** The version the caller saw; undefined = whatever it is. */
  expectedVersion: number | undefined;
  /** Who changes it. */
  actor: string;
}

/**
 * Sets the thresholds as a new version, from `now` on; the job looks at all customers again. The same thresholds make no
 * new version.
 * @throws AppError invalid segmentation.invalid_thresholds, conflict segmentation.settings_changed when the version is
 * not the one the caller saw
 */
export const changeSettings = async (
  tx: Tx,
  change: ChangeSettings,
  now: Temporal.Instant,
): Promise<StoredSettings> => {
  checkThresholds(change.thresholds);
  await lockSettingsForChange(tx);
  const current = present((await findSettings(tx)).at(-1), 'settings');
  if (change.expectedVersion !== undefined && change.expectedVersion !== current.version)
    throw new AppError(
      'conflict',
      'segmentation.settings_changed',
      `the settings are at version ${current.version} by now`,
      {
        version: current.version,
      },
    );
  if (sameThresholds(current.thresholds, change.thresholds)) return current;
  await insertSettings(tx, current.version + 1, change.thresholds, change.actor, now);
  return present((await findSettings(tx)).at(-1), 'new settings');
};
