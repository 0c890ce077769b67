import type { FieldProblem } from '@vafa/kernel';

/** Which field each scope can't do without, and which would say something else than the scope. */
const FIELDS: Readonly<Record<string, { needed: string; contrary: readonly string[] }>> = {
  whole: { needed: 'orderId', contrary: ['amountMinor', 'lines'] },
  amount: { needed: 'amountMinor', contrary: ['lines'] },
  lines: { needed: 'lines', contrary: ['amountMinor'] },
};

/** What a refund lacks for its scope, and what contradicts it; empty when it is clear. */
export const refundScopeProblems = (refund: Readonly<Record<string, unknown>>): FieldProblem[] => {
  const fields = FIELDS[String(refund.scope)];
  if (!fields) return [];
  const scope = `scope is "${String(refund.scope)}"`;
  const { needed, contrary } = fields;
  return [
    ...(refund[needed] === undefined ? [{ path: `/${needed}`, message: `is required when ${scope}` }] : []),
    ...contrary.flatMap((field) =>
      refund[field] === undefined ? [] : [{ path: `/${field}`, message: `must not be given when ${scope}` }],
    ),
  ];
};
