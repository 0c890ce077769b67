/** A record on its way to a topic. `key` decides the partition: records of one key stay in order. */
export interface OutRecord {
  topic: string;
  key: string;
  /** A text is the JSON of them, as an outbox keeps it: it is read only where a bus needs to. */
  headers: Record<string, string> | string;
  /** Text is the fast way; bytes only for foreign records that are no UTF-8. */
  value: string | Buffer | null;
}

/** A record as read from a topic. Anybody may have written it. */
export interface InRecord {
  topic: string;
  partition: number;
  offset: bigint;
  key: string | null;
  headers: Record<string, string | undefined>;
  value: string | Buffer | null;
  /** When the broker or the producer says it was appended, milliseconds since 1970. */
  timestampMs: number;
}

/** Records of one partition, in order of offset. */
export interface RecordBatch {
  topic: string;
  partition: number;
  records: InRecord[];
  /** Where reading began: between here and the first record the log holds nothing. */
  readFrom: bigint;
  /** Offset that the next appended record will get; the distance to it is the lag. */
  highWatermark: bigint;
  /** Aborted when the member loses the partition or is told to stop. */
  signal: AbortSignal;
}

/** What the subscriber did with a batch: finished it, or wants reading to go on from an earlier offset. */
export type BatchOutcome = { kind: 'done' } | { kind: 'seek'; offset: bigint };

export type BatchHandler = (batch: RecordBatch) => Promise<BatchOutcome>;

export interface SubscribeOptions {
  group: string;
  topics: readonly string[];
  /** Most records handed over at once. */
  maxBatch: number;
  /** Partitions whose batches this member hands over at the same time. */
  concurrency: number;
  /** Called once when the member can't go on; the process should end with a code other than 0. */
  onFatal: (error: unknown) => void;
  /**
   * How far the subscriber itself knows that it is; what is not named is at 0. The log in Postgres begins there where the group's
   * offset ran ahead, as after a backup of the subscriber was restored. Kafka's group shows that with the partition's next record.
   */
  handled?: readonly PartitionPlace[];
}

/** The offset of a partition that is to be handled next. */
export interface PartitionPlace {
  topic: string;
  partition: number;
  nextOffset: number;
}

export interface BusSubscription {
  /** Stops fetching, lets the batches in hand finish (up to the limit), commits their offsets. */
  stop(deadlineMs: number): Promise<void>;
  /** Partitions this member owns now. */
  assigned(): { topic: string; partition: number }[];
}

export interface TopicSpec {
  name: string;
  partitions: number;
}

/** First and next offset of one partition. */
export interface PartitionBounds {
  partition: number;
  low: bigint;
  high: bigint;
}

export interface PartitionLag {
  topic: string;
  partition: number;
  committed: bigint;
  high: bigint;
  lag: number;
}

/**
 * The one way events travel. At least once; order per key; redelivery from the last committed offset after a throw, a
 * crash or a lost partition; at most one handler call per partition and member at a time. No promise of exactly-once:
 * that is what the fence is for.
 */
export interface EventBus {
  readonly kind: 'postgres-log' | 'kafka';
  /**
   * Resolves only when all records are durable; after a throw some may be.
   * @throws AppError unavailable when the bus does not take them in time, invalid (`bus.record_too_large`, `bus.invalid_key`)
   * when it never will
   */
  publish(records: readonly OutRecord[]): Promise<void>;
  subscribe(options: SubscribeOptions, handler: BatchHandler): Promise<BusSubscription>;
  /**
   * Creates what is missing. A topic that exists with another number of partitions is refused by the log in Postgres; on
   * Kafka its own number is kept and a warning logged, because an operator may have made it.
   */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  bounds(topic: string): Promise<PartitionBounds[]>;
  lag(group: string, topics: readonly string[]): Promise<PartitionLag[]>;
  close(deadlineMs: number): Promise<void>;
}
