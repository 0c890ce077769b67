import { findDefinition } from '@vafa/contracts';
import { present } from '@vafa/kernel';
import type { TriggerEventType } from '../domain/campaign.ts';
import type { FieldKind } from '../domain/condition.ts';

const KINDS: Readonly<Record<string, FieldKind>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
};

/**
 * The fields of an event that conditions may name, read from its contract: the plain ones, and `attributes.*` for the
 * shop's own. Lists such as the lines of an order have no single value to compare.
 */
export const conditionFields = (type: TriggerEventType): ReadonlyMap<string, FieldKind> => {
  const { properties } = present(findDefinition(type), `the contract of ${type}`).data;
  const fields = new Map<string, FieldKind>();
  for (const [name, schema] of Object.entries(properties)) {
    if (name === 'attributes') fields.set('attributes.*', 'any');
    const kind = KINDS[(schema as { type?: string }).type ?? ''];
    // The customer is who the message goes to, not a rule for a campaign.
    if (kind && name !== 'customerId') fields.set(name, kind);
  }
  return fields;
};
