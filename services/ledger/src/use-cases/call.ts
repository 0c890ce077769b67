/** Who asks, and in which trace. */
export interface Caller {
  actor: string;
  traceparent?: string;
}

/** Who asks, when and in which trace. */
export interface Call extends Caller {
  now: Temporal.Instant;
}
