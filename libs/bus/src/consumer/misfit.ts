import type { Log } from '@vafa/kernel';
import type { BusMetrics } from '../metrics.ts';
import type { EventBus, RecordBatch } from '../port.ts';

/** The fence and a batch don't fit together: the batch begins after it, or the log ends before it. */
export class Misfit extends Error {
  readonly kind: 'gap' | 'beyond_end';
  readonly fence: bigint;
  constructor(kind: Misfit['kind'], fence: bigint) {
    super(kind === 'gap' ? `records from offset ${fence} on are missing` : `the log ends before offset ${fence}`);
    this.kind = kind;
    this.fence = fence;
  }
}

export interface MisfitDeps {
  group: string;
  topic: string;
  bus: EventBus;
  log: Log;
  metrics: BusMetrics;
  /** Called when the service can't go on. */
  onFatal: (error: unknown) => void;
}

/**
 * Asks the log what a misfit means. Returns the offset to read from, or nothing when the batch can be handled as it is.
 * @throws the misfit when the log is shorter than what was handled: everything new in it would be dropped as old
 */
export const createMisfitCheck = ({ group, topic, bus, log, metrics, onFatal }: MisfitDeps) => {
  const onGap = (batch: RecordBatch, fence: bigint, low: bigint): bigint | undefined => {
    const fields = {
      group,
      topic,
      partition: batch.partition,
      fence: String(fence),
      begins: String(batch.records[0]?.offset),
    };
    if (low > fence) {
      // A new group begins where the log begins; any other had something left to handle there.
      if (fence > 0n) {
        metrics.gaps.inc({ group, topic });
        log.error(fields, 'records were removed from the log before they were handled');
      }
      return undefined;
    }
    if (batch.readFrom <= fence) {
      // Ours has no holes. Kafka's has: compacted records, the ends of transactions.
      if (bus.kind === 'postgres-log') log.error(fields, 'the log has a hole');
      return undefined;
    }
    log.warn(fields, 'offset ran ahead of the fence, seeking back');
    return fence;
  };

  return async (batch: RecordBatch, misfit: Misfit): Promise<bigint | undefined> => {
    const { partition } = batch;
    const bounds = (await bus.bounds(topic)).find((each) => each.partition === partition);
    if (misfit.kind === 'gap') return onGap(batch, misfit.fence, bounds?.low ?? 0n);
    const high = bounds?.high ?? 0n;
    // Otherwise it is a late batch of a member that lost the partition: the fence drops it.
    if (high >= misfit.fence) return undefined;
    const where = `${topic}/${partition} ends at ${high}, but was handled up to ${misfit.fence}`;
    onFatal(new Error(`group ${group} can't go on: ${where}: the topic was re-created`));
    throw misfit;
  };
};
