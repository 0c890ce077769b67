import type { EventDefinition } from './define-event.ts';
import * as customers from './events/customers.ts';
import * as interactions from './events/interactions.ts';
import * as messages from './events/messages.ts';
import * as points from './events/points.ts';
import * as purchases from './events/purchases.ts';
import * as segments from './events/segments.ts';
import type { Topic } from './topics.ts';

const isDefinition = (value: unknown): value is EventDefinition =>
  typeof value === 'object' && value !== null && 'topic' in value && 'version' in value && 'data' in value;

/** Every event that crosses a service, in the order of the topics. */
export const catalogue: readonly EventDefinition[] = [purchases, interactions, customers, points, segments, messages]
  .flatMap((module) => Object.values(module) as unknown[])
  .filter(isDefinition);

const byType = new Map(catalogue.map((definition) => [definition.type, definition]));

/** The definition of a type, if there is one. */
export const findDefinition = (type: string): EventDefinition | undefined => byType.get(type);

/** Every event type of a topic. */
export const typesOf = (topic: Topic): string[] =>
  catalogue.filter((definition) => definition.topic.name === topic.name).map((definition) => definition.type);
