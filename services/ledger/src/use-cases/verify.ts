import type { Sql } from '@vafa/bus';
import { allowLongReads } from '../store/long-reads.ts';
import { RULES } from '../store/verify-rules.ts';

/** Something that must never be so. */
export interface Violation {
  /** Which invariant, e.g. `balance_is_entries`. */
  rule: string;
  /** Of whom or what: a customer, an order, a lot. */
  subject: string;
  detail: string;
}

/** Violations of one rule that are listed; more are not needed to know that it is broken. */
const MAX_PER_RULE = 20;
const LIMIT_MS = 300_000;

/**
 * Checks the whole ledger, of one moment, against what must always hold: both sides of the entries against the balances,
 * balances against lots and reservations, orders against what they earned and gave back. Returns what is wrong; empty =
 * all is well. Reads every table once or twice; any role that may read the schema `ledger` can run it.
 */
export const verifyLedger = (sql: Sql): Promise<Violation[]> =>
  sql.begin('isolation level repeatable read read only', async (tx) => {
    await allowLongReads(tx, LIMIT_MS);
    const violations: Violation[] = [];
    for (const { rule, find } of RULES) {
      const rows = await find(tx, MAX_PER_RULE);
      violations.push(...rows.map(({ subject, detail }) => ({ rule, subject, detail })));
    }
    return violations;
  });
