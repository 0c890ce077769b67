import type { Tx } from '@vafa/bus';
import { present } from '@vafa/kernel';
import type { LedgerHarness } from './ledger.fixture.ts';

/**
 * Looks at a book after some damage, which is undone, with triggers out of the way. `before` takes away what else would refuse it.
 * The look is told how many rows were damaged, and finds the ledger's tables by their names.
 */
export const lookAtDamage = async <Found>(
  { admin }: Pick<LedgerHarness, 'admin'>,
  damage: string,
  look: (tx: Tx, rows: number) => Promise<Found>,
  before = '',
): Promise<Found> => {
  const undo = new Error('undo');
  const found: Found[] = [];
  await admin
    .begin(async (tx) => {
      await tx.unsafe(`set local session_replication_role = replica; set local search_path = ledger; ${before}`);
      const { count } = await tx.unsafe(damage);
      found.push(await look(tx, count));
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return present(found[0], 'what was found');
};

/** Names of the rules that find something, sorted. */
export const rulesBroken = async (
  tx: Tx,
  rules: readonly { rule: string; find: (tx: Tx, limit: number) => Promise<readonly unknown[]> }[],
): Promise<string[]> => {
  const broken: string[] = [];
  for (const { rule, find } of rules) if ((await find(tx, 5)).length > 0) broken.push(rule);
  return broken.sort();
};
