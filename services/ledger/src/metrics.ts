import { Counter, type Registry } from 'prom-client';
import type { CodeResult } from './domain/coupons/apply-coupons.ts';
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

/** Counts codes that were asked for, by what became of them: many `not_found` tell of somebody who guesses. */
export const createCountCodes = (registry: Registry): ((results: readonly CodeResult[]) => void) => {
  const counter = new Counter({
    name: 'vafa_ledger_coupon_codes_total',
    help: 'Coupon codes validated or redeemed, by what became of them',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  return (results) => {
    for (const result of results) counter.inc({ outcome: result.accepted ? 'accepted' : result.reason });
  };
};
