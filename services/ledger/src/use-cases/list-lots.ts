import { readKeepingPlans, type Sql } from '@vafa/bus';
import { resolveCustomer } from '../store/accounts.ts';
import {
  type LotPageAsked,
  type LotRow,
  type LotState,
  readAllLots,
  readOpenLots,
  readPendingLots,
} from '../store/read-lots.ts';

const READ_LOTS = { open: readOpenLots, pending: readPendingLots, all: readAllLots } as const;

/** A page of the lots of a customer, or of the one it was merged into, as of one moment. Its plans are kept. */
export const listLots = (
  sql: Sql,
  { customerId, state }: { customerId: string; state: LotState },
  page: LotPageAsked,
): Promise<LotRow[]> =>
  readKeepingPlans(sql, async (tx) => READ_LOTS[state](tx, await resolveCustomer(tx, customerId), page));
