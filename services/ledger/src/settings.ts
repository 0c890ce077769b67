import Type, { type Static } from 'typebox';

/** Settings of the ledger; batch sizes and the like of the consumer are the platform's. */
export const LedgerSettings = Type.Object({
  LEDGER_SWEEP_EVERY_MS: Type.Integer({
    default: 1_000,
    minimum: 50,
    description: 'Pause between looks for expired points and reservations whose time is up',
  }),
  LEDGER_SWEEP_CUSTOMERS: Type.Integer({
    default: 500,
    minimum: 1,
    maximum: 5_000,
    description: 'Customers (or reservations, or refunds) per transaction of a sweep',
  }),
  LEDGER_NOTICE_EVERY_MS: Type.Integer({
    default: 10_000,
    minimum: 50,
    description: 'Pause between looks for points that will expire soon',
  }),
  LEDGER_OVERLOOKED_EVERY_MS: Type.Integer({
    default: 60_000,
    minimum: 1_000,
    description: 'Pause between looks for refunds whose order came at the same moment through another partition',
  }),
  LEDGER_REFUND_LOOK_BACK_PURCHASES: Type.Integer({
    default: 1_000,
    minimum: 1,
    maximum: 10_000,
    description: "How many of a customer's newest purchases a refund without an order is matched with",
  }),
  LEDGER_RESERVATION_MAX_TTL_SECONDS: Type.Integer({
    default: 604_800,
    minimum: 1,
    maximum: 2_592_000,
    description: 'Longest time that points may be held',
  }),
});
export type LedgerSettings = Static<typeof LedgerSettings>;
