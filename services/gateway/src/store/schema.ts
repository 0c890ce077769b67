import { busTables } from '@vafa/bus';
import { platformTables } from '@vafa/platform';
import { pgSchema } from 'drizzle-orm/pg-core';

/** The gateway owns nothing but the answers it keeps for repeated requests; the bus's tables are in every service. */
export const gatewaySchema = pgSchema('gateway');
export const { outbox, consumerFence, deadLetter } = busTables(gatewaySchema);
export const { idempotencyKey } = platformTables(gatewaySchema);
