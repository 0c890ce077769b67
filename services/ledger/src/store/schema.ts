import { busTables } from '@vafa/bus';
import { platformTables } from '@vafa/platform';
import { ledgerSchema } from './tables/columns.ts';

export * from './tables/book.ts';
export * from './tables/orders.ts';
export { ledgerSchema };
export const { outbox, consumerFence, deadLetter } = busTables(ledgerSchema);
export const { idempotencyKey } = platformTables(ledgerSchema);
