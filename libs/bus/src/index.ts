export { plainArray, sparseArray, textArray } from './array-literal.ts';
export { AS_OF_ONE_MOMENT, type Asking, beginAsking } from './begin-asking.ts';
export { readFences, resetFence } from './consumer/fence.ts';
export { notReady } from './consumer/handle-in-order.ts';
export { type Consumer, type ConsumerOptions, ShorterLogError, startConsumer } from './consumer/start-consumer.ts';
export {
  checkSubscriptions,
  type EventHandler,
  type HandlerContext,
  type HandlerResult,
  on,
  prepareAndHandle,
  type Subscription,
} from './consumer/subscription.ts';
export type { FindErased } from './dead-letters/forget.ts';
export {
  type DeadLetter,
  type DeadLetterStatus,
  discardDeadLetters,
  findDeadLetter,
  listDeadLetters,
  retryDeadLetters,
} from './dead-letters/store.ts';
export { isClash, isInfrastructure, refusalOf } from './errors.ts';
export { createGather, type Gather, type GatherOptions } from './gather.ts';
export { createKafkaBus, type KafkaBusOptions } from './kafka/kafka-bus.ts';
export { type BusMetrics, createBusMetrics } from './metrics.ts';
export { emit } from './outbox/emit.ts';
export { type OutboxState, outboxState, type Relay, type RelayOptions, startRelay } from './outbox/relay.ts';
export { appendRecords, type PartitionRecords } from './pg-log/append-records.ts';
export { type Chaos, NO_CHAOS } from './pg-log/chaos.ts';
export { createPostgresLogBus, type PostgresLogOptions } from './pg-log/postgres-log-bus.ts';
export { type RetentionOptions, removeOldRecords } from './pg-log/retention.ts';
export { keepPlans, planAnew } from './plans.ts';
export type {
  BatchHandler,
  BatchOutcome,
  BusSubscription,
  EventBus,
  InRecord,
  OutRecord,
  PartitionBounds,
  PartitionLag,
  PartitionPlace,
  RecordBatch,
  SubscribeOptions,
  TopicSpec,
} from './port.ts';
export { readKeepingPlans } from './read-keeping-plans.ts';
export { backOffMs, sleep } from './sleep.ts';
export type { Queryable, Sql, Tx } from './sql.ts';
export { busTables } from './tables/tables.ts';
export { textList } from './text-list.ts';
