import { randomInt } from 'node:crypto';
import type { Tx } from '@vafa/bus';
import { drawCode, readPattern } from '../domain/coupons/code.ts';
import { addGenerated, claimUnfinishedPool } from '../store/coupon-pools.ts';
import { insertCodes } from '../store/coupons.ts';

/**
 * Makes one portion of the codes that some pool lacks. What is made commits with its count, so a job that is stopped goes
 * on where it was; a code that is there already is drawn anew by the next portion. Returns how many codes it drew.
 */
export const generateCodes = async (tx: Tx, maxCodes: number): Promise<number> => {
  const pool = await claimUnfinishedPool(tx);
  if (!pool?.pattern) return 0;
  const pattern = readPattern(pool.pattern);
  const count = Math.min(maxCodes, pool.wanted - pool.generated);
  const codes = Array.from({ length: count }, () => drawCode(pattern, randomInt));
  await addGenerated(tx, pool.id, await insertCodes(tx, pool.id, pool.usesPerCode, codes));
  return count;
};
