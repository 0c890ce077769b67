import Type, { type Static } from 'typebox';
import type { RefundSettings } from './use-cases/decide-steps.ts';

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
    description:
      'Pause between looks for refunds whose order came at the same moment through another partition, or that waited long enough, and for changed tiers',
  }),
  LEDGER_REFUND_LOOK_BACK_PURCHASES: Type.Integer({
    default: 1_000,
    minimum: 1,
    maximum: 10_000,
    description: "How many of a customer's newest purchases a refund without an order is matched with",
  }),
  LEDGER_REFUND_WAITS_DAYS: Type.Integer({
    default: 7,
    minimum: 0,
    maximum: 366,
    description:
      'For how long what a refund without an order did not find is matched with purchases that come later; 0 = not at all',
  }),
  LEDGER_ADJUSTMENT_REQUEST_TTL_HOURS: Type.Integer({
    default: 168,
    minimum: 1,
    maximum: 8_760,
    description: 'How long a correction above the limit waits for a second person',
  }),
  LEDGER_REPLAY_EVERY_MS: Type.Integer({
    default: 1_000,
    minimum: 50,
    description: 'Pause between looks for replays of programme drafts',
  }),
  LEDGER_REPLAY_PORTION_ORDERS: Type.Integer({
    default: 2_000,
    minimum: 1,
    maximum: 50_000,
    description: 'Orders that a replay goes through per transaction',
  }),
  LEDGER_CODES_EVERY_MS: Type.Integer({
    default: 1_000,
    minimum: 50,
    description: 'Pause between looks for coupon codes that are to be generated',
  }),
  LEDGER_CODES_PORTION: Type.Integer({
    default: 10_000,
    minimum: 1,
    maximum: 50_000,
    description: 'Coupon codes generated per transaction',
  }),
  LEDGER_WRONG_CODES_WINDOW_SECONDS: Type.Integer({
    default: 900,
    minimum: 1,
    maximum: 86_400,
    description: 'Over which time wrong coupon codes are counted',
  }),
  LEDGER_WRONG_CODES_PER_CUSTOMER: Type.Integer({
    default: 20,
    minimum: 1,
    maximum: 10_000,
    description: 'Wrong coupon codes of a customer in that time, after which its codes are refused until it is over',
  }),
  LEDGER_WRONG_CODES_PER_KEY: Type.Integer({
    default: 300,
    minimum: 1,
    maximum: 1_000_000,
    description: 'The same for all carts without a customer together, by API key',
  }),
  LEDGER_FORGET_EVERY_MS: Type.Integer({
    default: 3_600_000,
    minimum: 50,
    description: 'Pause between looks for counts that nobody asks for any more',
  }),
  LEDGER_COUNTS_KEPT_DAYS: Type.Integer({
    default: 400,
    minimum: 1,
    maximum: 36_500,
    description:
      "How much longer than needed caps' counters and days that counted towards tiers are kept, for events that come late",
  }),
  LEDGER_INTERACTIONS_KEPT_DAYS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3_650,
    description:
      'How much longer than points may await an interaction those that were told are kept, for purchases that are told after them',
  }),
  LEDGER_FINANCE_EVERY_MS: Type.Integer({
    default: 60_000,
    minimum: 50,
    description: 'Pause between looks for days whose books can be closed',
  }),
  LEDGER_RESERVATION_MAX_TTL_SECONDS: Type.Integer({
    default: 604_800,
    minimum: 1,
    maximum: 2_592_000,
    description: 'Longest time that points may be held',
  }),
});
export type LedgerSettings = Static<typeof LedgerSettings>;

export const refundSettings = (config: LedgerSettings): RefundSettings => ({
  lookBackPurchases: config.LEDGER_REFUND_LOOK_BACK_PURCHASES,
  openDays: config.LEDGER_REFUND_WAITS_DAYS,
});
