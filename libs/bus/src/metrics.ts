import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What an operator watches of the bus. Labels are few and bounded: never a customer. */
export interface BusMetrics {
  batchRecords: Histogram<'group' | 'topic'>;
  batchSeconds: Histogram<'group' | 'topic'>;
  handled: Counter<'group' | 'topic'>;
  fenceDropped: Counter<'group' | 'topic'>;
  gaps: Counter<'group' | 'topic'>;
  failures: Counter<'group' | 'topic' | 'class'>;
  deadLetters: Counter<'group' | 'topic' | 'status' | 'code'>;
  lag: Gauge<'group' | 'topic' | 'partition'>;
  timeLagSeconds: Gauge<'group' | 'topic'>;
  outboxPublished: Counter<'service'>;
  outboxDepth: Gauge<'service'>;
  outboxOldestSeconds: Gauge<'service'>;
  rebalances: Counter<'group'>;
}

export const createBusMetrics = (registry: Registry): BusMetrics => {
  const registers = [registry];
  const perTopic = ['group', 'topic'] as const;
  return {
    batchRecords: new Histogram({
      name: 'vafa_bus_batch_records',
      help: 'Records per handled batch',
      labelNames: perTopic,
      buckets: [1, 5, 25, 100, 250, 500, 1000, 2000],
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'vafa_bus_batch_seconds',
      help: 'Seconds from receiving a batch to its commit',
      labelNames: perTopic,
      buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    }),
    handled: new Counter({ name: 'vafa_bus_handled_total', help: 'Records handled', labelNames: perTopic, registers }),
    fenceDropped: new Counter({
      name: 'vafa_bus_fence_dropped_total',
      help: 'Redelivered records that the fence absorbed',
      labelNames: perTopic,
      registers,
    }),
    gaps: new Counter({
      name: 'vafa_bus_gap_total',
      help: 'Times the log began beyond the fence: records were gone before they were handled',
      labelNames: perTopic,
      registers,
    }),
    failures: new Counter({
      name: 'vafa_bus_failures_total',
      help: 'Batches that failed, by what is done about it',
      labelNames: ['group', 'topic', 'class'] as const,
      registers,
    }),
    deadLetters: new Counter({
      name: 'vafa_bus_dead_letters_total',
      help: 'Events parked or set to wait',
      labelNames: ['group', 'topic', 'status', 'code'] as const,
      registers,
    }),
    lag: new Gauge({
      name: 'vafa_bus_lag_records',
      help: 'Records not yet handled',
      labelNames: ['group', 'topic', 'partition'] as const,
      registers,
    }),
    timeLagSeconds: new Gauge({
      name: 'vafa_bus_time_lag_seconds',
      help: 'Age of the newest handled record when it was handled',
      labelNames: perTopic,
      registers,
    }),
    outboxPublished: new Counter({
      name: 'vafa_outbox_published_total',
      help: 'Records the relay published',
      labelNames: ['service'] as const,
      registers,
    }),
    outboxDepth: new Gauge({
      name: 'vafa_outbox_depth_records',
      help: 'Records waiting in the outbox',
      labelNames: ['service'] as const,
      registers,
    }),
    outboxOldestSeconds: new Gauge({
      name: 'vafa_outbox_oldest_seconds',
      help: 'Age of the oldest record in the outbox',
      labelNames: ['service'] as const,
      registers,
    }),
    rebalances: new Counter({
      name: 'vafa_bus_rebalances_total',
      help: 'Times partitions were lost or gained',
      labelNames: ['group'] as const,
      registers,
    }),
  };
};
