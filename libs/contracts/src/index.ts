export { breakingChanges } from './breaking-changes.ts';
export { catalogue, findDefinition, typesOf } from './catalogue.ts';
export {
  type CustomerKeyed,
  defineEvent,
  type EventDefinition,
  type EventEnvelope,
  type EventOf,
} from './define-event.ts';
export {
  type Decoded,
  type DecodeProblem,
  dataschemaOf,
  decodeEvent,
  type EncodedEvent,
  encodeEvent,
  event,
  problemsOf,
} from './envelope.ts';
export * from './events/customers.ts';
export * from './events/interactions.ts';
export * from './events/messages.ts';
export * from './events/points.ts';
export * from './events/purchases.ts';
export * from './events/segments.ts';
export * as fields from './fields.ts';
export { CURRENCIES, LIFECYCLE_SEGMENT_PREFIX, LIFECYCLE_STATES, type LifecycleState } from './fields.ts';
export { asyncApi, jsonSchemaOf, schemaFileOf } from './published-schemas.ts';
export { deadTopic, type Topic, Topics } from './topics.ts';
