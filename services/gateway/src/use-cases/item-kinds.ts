import { type EventDefinition, InteractionRecorded, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import type { FieldProblem } from '@vafa/kernel';
import { unknownFieldProblems, unknownProblems } from '../domain/known-fields.ts';
import { refundScopeProblems } from '../domain/refund-scope.ts';
import { unkeepableProblems } from '../domain/unkeepable-text.ts';

type Fields = Readonly<Record<string, unknown>>;

/** One sort of item that shops hand in: what event it becomes and what its schema alone does not say. */
export interface ItemKind {
  /** Word for people: "a purchase". */
  name: 'purchase' | 'refund' | 'interaction';
  definition: EventDefinition;
  /** The id that the same item always gets, if it has a name of its own; else one is made. */
  naturalEventId: (data: Fields) => string | undefined;
  /** Problems of an item, beyond those of its schema. */
  problems: (data: Fields) => FieldProblem[];
}

const fieldsOf = (definition: EventDefinition): ReadonlySet<string> => new Set(Object.keys(definition.data.properties));

const PURCHASE_FIELDS = fieldsOf(PurchaseCompleted);
const REFUND_FIELDS = fieldsOf(PurchaseRefunded);
const INTERACTION_FIELDS = fieldsOf(InteractionRecorded);
const PURCHASE_LINE_FIELDS = new Set(Object.keys(PurchaseCompleted.data.properties.lines.items.properties));
const REFUND_LINE_FIELDS = new Set(Object.keys(PurchaseRefunded.data.properties.lines.items.properties));

const lineProblems = (lines: unknown, known: ReadonlySet<string>): FieldProblem[] => {
  if (!Array.isArray(lines)) return [];
  const problems: FieldProblem[] = [];
  lines.forEach((line: unknown, index) => {
    if (typeof line !== 'object' || line === null) return;
    problems.push(...unknownFieldProblems(line as Fields, known, `/lines/${index}`));
  });
  return problems;
};

export const PURCHASE: ItemKind = {
  name: 'purchase',
  definition: PurchaseCompleted,
  naturalEventId: ({ orderId }) => `purchase:${orderId}`,
  problems: (data) => [
    ...unknownProblems(data, PURCHASE_FIELDS),
    ...unkeepableProblems(data),
    ...lineProblems(data.lines, PURCHASE_LINE_FIELDS),
  ],
};

export const REFUND: ItemKind = {
  name: 'refund',
  definition: PurchaseRefunded,
  naturalEventId: ({ refundId }) => `refund:${refundId}`,
  problems: (data) => [
    ...refundScopeProblems(data),
    ...unknownProblems(data, REFUND_FIELDS),
    ...unkeepableProblems(data),
    ...lineProblems(data.lines, REFUND_LINE_FIELDS),
  ],
};

export const INTERACTION: ItemKind = {
  name: 'interaction',
  definition: InteractionRecorded,
  naturalEventId: () => undefined,
  problems: (data) => [...unknownProblems(data, INTERACTION_FIELDS), ...unkeepableProblems(data)],
};
