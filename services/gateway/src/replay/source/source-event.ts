/** What a line (or several) of a file becomes; each kind has its own route at the gateway. */
export type EventKind = 'purchases' | 'refunds' | 'interactions' | 'customers' | 'consents' | 'merges' | 'erasures';

export interface SourceEvent {
  kind: EventKind;
  customerId: string;
  /** When it happened; undefined when the file does not say. */
  occurredAt: Temporal.Instant | undefined;
  /** The body of the item, without `occurredAt`. */
  item: Record<string, unknown>;
  /** How many lines of the file are in it. */
  lines: number;
  /** Where it begins in the file, counted from 1. */
  firstLine: number;
}
