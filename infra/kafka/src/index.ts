export {
  type AvailabilityOptions,
  type KafkaAvailability,
  kafkaAvailability,
  localKafkaObstacle,
} from './availability.ts';
export { type LocalKafka, type StartKafkaOptions, startKafka } from './broker.ts';
export { DEFAULT_BROKER_DIR, DEFAULT_CACHE_DIR } from './default-folders.ts';
export { jarsAreCached, resolveJars } from './jars.ts';
export { LocalKafkaError, type LocalKafkaErrorCode } from './local-kafka-error.ts';
