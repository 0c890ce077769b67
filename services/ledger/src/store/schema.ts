import { busTables } from '@vafa/bus';
import { formerCustomerTable, platformTables } from '@vafa/platform';
import { ledgerSchema } from './tables/columns.ts';

export * from './tables/approvals.ts';
export * from './tables/book.ts';
export * from './tables/coupons.ts';
export * from './tables/drafts.ts';
export * from './tables/finance.ts';
export * from './tables/orders.ts';
export * from './tables/rewards.ts';
export * from './tables/rules.ts';
export * from './tables/seal.ts';
export * from './tables/tiers.ts';
export { ledgerSchema };
export const { outbox, consumerFence, deadLetter } = busTables(ledgerSchema);
/** Erased customers alone: whom a merged one lives on in, its balance row says. */
export const formerCustomer = formerCustomerTable(ledgerSchema);
export const { idempotencyKey } = platformTables(ledgerSchema);
