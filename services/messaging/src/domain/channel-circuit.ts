/** A channel's circuit: open while `pausedUntil` lies ahead; after it, single messages probe until one is accepted. */
export interface ChannelCircuit {
  pausedUntil: Temporal.Instant | null;
  /** Pauses in a row without a success between them. */
  pauses: number;
}

export type Gate = 'open' | 'probing' | 'closed';

/** May messages pass? */
export const gateOf = (circuit: ChannelCircuit, now: Temporal.Instant): Gate => {
  if (circuit.pauses === 0 || circuit.pausedUntil === null) return 'open';
  return Temporal.Instant.compare(now, circuit.pausedUntil) < 0 ? 'closed' : 'probing';
};

/** The next pause is twice as long as the last, up to the limit. */
export const pauseAgain = (
  circuit: ChannelCircuit,
  settings: { pauseFirstMs: number; pauseMaxMs: number },
  now: Temporal.Instant,
): ChannelCircuit & { pausedUntil: Temporal.Instant } => {
  const milliseconds = Math.min(settings.pauseMaxMs, settings.pauseFirstMs * 2 ** Math.min(circuit.pauses, 30));
  return { pausedUntil: now.add({ milliseconds }), pauses: circuit.pauses + 1 };
};
