import { Counter, type Registry } from 'prom-client';
import type { Outcomes } from './use-cases/record-purchases.ts';

/** Counts what became of purchases and refunds. A batch that is tried again after its handling is counted again. */
export const createCountOutcomes = (registry: Registry): ((outcomes: Outcomes) => void) => {
  const counter = new Counter({
    name: 'vafa_ledger_purchase_events_total',
    help: 'Purchases and refunds handled, by what became of them',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  return (outcomes) => {
    for (const [outcome, count] of Object.entries(outcomes)) if (count > 0) counter.inc({ outcome }, count);
  };
};
