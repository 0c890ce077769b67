import type { Tx } from '@vafa/bus';

/** Lets this transaction's statements run longer than a request may. */
export const allowLongReads = async (tx: Tx, limitMs: number): Promise<void> => {
  await tx`select set_config('statement_timeout', ${String(limitMs)}, true)`;
};
