import Type from 'typebox';
import { defineEvent } from '../define-event.ts';
import { Attributes, CustomerId, payload } from '../fields.ts';
import { Topics } from '../topics.ts';

/** Names Vafa gives a meaning to; any other name in the same form is a custom interaction. */
export const KNOWN_INTERACTIONS = [
  'product.viewed',
  'cart.updated',
  'checkout.started',
  'signup',
  'support.opened',
  'support.first_response',
  'support.resolved',
  'support.reopened',
  'complaint.raised',
  'survey.sent',
  'survey.answered',
  'app.opened',
] as const;

const TYPE_PATTERN = '^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$';
const MAX_TYPE_LENGTH = 64;

const TYPE = new RegExp(TYPE_PATTERN);

/** Can an interaction be of this type? */
export const isInteractionType = (type: string): boolean => type.length <= MAX_TYPE_LENGTH && TYPE.test(type);

export const InteractionRecorded = defineEvent({
  type: 'interaction.recorded',
  version: 1,
  topic: Topics.interactions,
  title: 'A customer did something other than buy',
  data: payload({
    customerId: CustomerId,
    interactionType: Type.String({
      pattern: TYPE_PATTERN,
      maxLength: MAX_TYPE_LENGTH,
      description: `One of ${KNOWN_INTERACTIONS.join(', ')} or your own name in the same form`,
    }),
    attributes: Type.Optional(Attributes),
  }),
});
