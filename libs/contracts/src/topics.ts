/** A topic and its number of partitions. Counts are fixed for a topic's life: changing them re-maps keys. */
export interface Topic {
  readonly name: string;
  /** Partitions when created on Kafka, unless the configuration says otherwise. */
  readonly partitions: number;
}

const topic = (name: string, partitions: number): Topic => Object.freeze({ name: `vafa.${name}`, partitions });

export const Topics = {
  purchases: topic('purchases', 24),
  interactions: topic('interactions', 24),
  customers: topic('customers', 12),
  points: topic('points', 12),
  segments: topic('segments', 12),
  messageRequests: topic('message-requests', 12),
  messages: topic('messages', 12),
} as const;

/** Where a record that no retry would mend is mirrored to, for operators and other tools. */
export const deadTopic = (name: string): string => `${name}.dead`;
