import type { Static, TObject, TSchema } from 'typebox';
import type { Topic } from './topics.ts';

/** One event type: its name, version, topic and payload. The single source of type, validation and published schema. */
export interface EventDefinition<Type extends string = string, Data extends TObject = TObject> {
  readonly type: Type;
  readonly version: number;
  readonly topic: Topic;
  readonly title: string;
  readonly data: Data;
}

/** Every payload names its customer, which is the record's key: one customer's events stay in order. */
export type CustomerKeyed = TObject<{ customerId: TSchema }>;

/**
 * An event in its CloudEvents envelope. `time` is when it happened, as ISO 8601 with an offset; `id` is chosen by the
 * source and is what duplicates are told by.
 */
export interface EventEnvelope<Type extends string = string, Data = unknown> {
  id: string;
  source: string;
  type: Type;
  version: number;
  subject: string;
  time: string;
  traceparent?: string;
  data: Data;
}

/** The envelope type of a definition. */
export type EventOf<Definition> =
  Definition extends EventDefinition<infer Type, infer Data> ? EventEnvelope<Type, Static<Data>> : never;

/** Declares an event. `data` must have a `customerId`. */
export const defineEvent = <const Type extends string, Data extends CustomerKeyed>(
  definition: EventDefinition<Type, Data>,
): EventDefinition<Type, Data> => Object.freeze(definition);
