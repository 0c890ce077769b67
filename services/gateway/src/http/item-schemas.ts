import type { EventDefinition } from '@vafa/contracts';
import Type, { type TSchema } from 'typebox';

/** Most items of one request. */
export const MAX_ITEMS = 1_000;

const OccurredAt = Type.String({
  format: 'date-time',
  description: 'When it happened, ISO 8601 with an offset; now when not given',
  examples: ['2026-11-21T11:30:00+03:30'],
});

/** The body of an item route as the OpenAPI page shows it: one item, or many, bare or under `items`. */
export const itemBody = (definition: EventDefinition, name: string, eventIdRule: string): TSchema => {
  const item = Type.Object(
    {
      ...definition.data.properties,
      occurredAt: Type.Optional(OccurredAt),
      eventId: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: eventIdRule })),
    },
    { title: name },
  );
  const items = Type.Array(item, { minItems: 1, maxItems: MAX_ITEMS });
  return Type.Union([item, Type.Object({ items }, { title: `Batch of ${name}s` }), items]);
};

const ItemProblem = Type.Object({ path: Type.String(), message: Type.String() });

/** Plain optional fields instead of alternatives: those would be told apart by validating each answer again. */
export const ItemsAnswer = Type.Object(
  {
    eventId: Type.Optional(Type.String({ description: 'Of the one item sent by itself' })),
    accepted: Type.Optional(Type.Integer({ description: 'Items of the batch that are on the bus now' })),
    rejected: Type.Optional(Type.Integer({ description: 'Items of the batch that were refused' })),
    results: Type.Optional(
      Type.Array(
        Type.Object({
          index: Type.Integer({ description: 'Place of the item in the request, from 0' }),
          status: Type.String({ description: 'accepted or rejected' }),
          eventId: Type.Optional(Type.String()),
          error: Type.Optional(
            Type.Object({ code: Type.String(), message: Type.String(), problems: Type.Array(ItemProblem) }),
          ),
        }),
      ),
    ),
  },
  { title: 'Accepted', description: 'One item: its eventId. A batch: a result per item.' },
);
