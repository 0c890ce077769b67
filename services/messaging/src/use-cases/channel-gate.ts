import type { Sql, Tx } from '@vafa/bus';
import { type Gate, gateOf, pauseAgain } from '../domain/channel-circuit.ts';
import type { Channel } from '../domain/purposes.ts';
import { findChannel, lockChannel, saveCircuit } from '../store/channels.ts';

export interface PauseSettings {
  pauseFirstMs: number;
  pauseMaxMs: number;
}

/** May messages of a channel pass now? */
export const findGate = async (sql: Sql, channel: Channel, now: Temporal.Instant): Promise<Gate> =>
  gateOf(await findChannel(sql, channel), now);

/** Lets nothing pass for a while. While it is closed already, another failure does not make it longer. */
export const pauseChannel = async (
  tx: Tx,
  channel: Channel,
  reason: string,
  settings: PauseSettings,
  now: Temporal.Instant,
): Promise<void> => {
  const circuit = await lockChannel(tx, channel);
  if (gateOf(circuit, now) === 'closed') return;
  await saveCircuit(tx, channel, pauseAgain(circuit, settings, now), reason, now);
};

/** Opens the way again: the provider has accepted something, or an operator says so. False when it was open. */
export const openChannel = async (tx: Tx, channel: Channel, now: Temporal.Instant): Promise<boolean> => {
  const circuit = await lockChannel(tx, channel);
  if (circuit.pauses === 0) return false;
  await saveCircuit(tx, channel, { pausedUntil: null, pauses: 0 }, null, now);
  return true;
};
