import { expect, it } from 'vitest';
import { TRIGGER_EVENTS } from '../domain/campaign.ts';
import { conditionFields } from './condition-fields.ts';

it('takes plain fields and attributes, no lists and no customer', () => {
  expect(Object.fromEntries(conditionFields('purchase.completed'))).toEqual({
    orderId: 'string',
    currency: 'string',
    totalMinor: 'number',
    store: 'string',
    channel: 'string',
    'attributes.*': 'any',
  });
});

it.each(TRIGGER_EVENTS)('%s has fields', (type) => {
  expect(conditionFields(type).size).toBeGreaterThan(0);
});
