import { catalogue } from './catalogue.ts';
import type { EventDefinition } from './define-event.ts';
import { dataschemaOf } from './envelope.ts';

type Json = Record<string, unknown>;

/** A schema as plain JSON: TypeBox keeps its own marks in hidden properties, which JSON drops. */
const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** The JSON Schema file of one event's payload. */
export const jsonSchemaOf = (definition: EventDefinition): Json => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: dataschemaOf(definition),
  title: definition.title,
  ...plain(definition.data),
});

/** File name of an event's published schema. */
export const schemaFileOf = (definition: EventDefinition): string => `${definition.type}.v${definition.version}.json`;

const HEADERS = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_dataschema'],
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: { type: 'string', description: 'Chosen by the source, unique within it' },
    ce_source: { type: 'string' },
    ce_type: { type: 'string' },
    ce_subject: { type: 'string', description: 'The customerId' },
    ce_time: { type: 'string', format: 'date-time', description: 'When it happened' },
    ce_dataschema: { type: 'string' },
    traceparent: { type: 'string', description: 'W3C trace context' },
  },
};

/** The whole catalogue as one AsyncAPI 3.0 document. */
export const asyncApi = (): Json => {
  const topics = [...new Map(catalogue.map(({ topic }) => [topic.name, topic])).values()];
  const channelId = (topic: string) => topic.replace(/[^a-zA-Z0-9]/g, '_');
  const messageId = (type: string) => type.replace(/[^a-zA-Z0-9]/g, '_');
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Vafa events',
      version: '1.0.0',
      description:
        'Every event that crosses a service. CloudEvents 1.0 in binary mode: ce_* headers, JSON value, key = customerId.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      topics.map(({ name, partitions }) => [
        channelId(name),
        {
          address: name,
          messages: Object.fromEntries(
            catalogue
              .filter(({ topic }) => topic.name === name)
              .map(({ type }) => [messageId(type), { $ref: `#/components/messages/${messageId(type)}` }]),
          ),
          bindings: { kafka: { topic: name, partitions } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      topics.map(({ name }) => [
        `publish_${channelId(name)}`,
        { action: 'send', channel: { $ref: `#/channels/${channelId(name)}` } },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        catalogue.map((definition) => [
          messageId(definition.type),
          {
            name: definition.type,
            title: definition.title,
            headers: HEADERS,
            bindings: {
              kafka: { key: { type: 'string', description: 'The customerId: one customer stays in order' } },
            },
            payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: plain(definition.data) },
          },
        ]),
      ),
    },
  };
};
