import type { FieldProblem } from '@vafa/kernel';

/** Which field each scope can't do without. */
const NEEDS: Readonly<Record<string, 'orderId' | 'amountMinor' | 'lines'>> = {
  whole: 'orderId',
  amount: 'amountMinor',
  lines: 'lines',
};

/** What a refund lacks for its scope; empty when it is complete. */
export const refundScopeProblems = (refund: Readonly<Record<string, unknown>>): FieldProblem[] => {
  const needed = NEEDS[String(refund.scope)];
  if (!needed || refund[needed] !== undefined) return [];
  return [{ path: `/${needed}`, message: `is required when scope is "${String(refund.scope)}"` }];
};
