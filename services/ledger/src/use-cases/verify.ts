import { AS_OF_ONE_MOMENT, type Sql, type Tx } from '@vafa/bus';
import { allowLongReads } from '../store/long-reads.ts';
import { findSealHashes, readHeads, type SealPlace } from '../store/read-seals.ts';
import { AWARD_RULES } from '../store/verify-award-rules.ts';
import { FINANCE_RULES } from '../store/verify-finance-rules.ts';
import { MOVEMENT_RULES } from '../store/verify-movement-rules.ts';
import { ORDER_RULES } from '../store/verify-order-rules.ts';
import { OWNER_RULES } from '../store/verify-owner-rules.ts';
import { REDEMPTION_RULES } from '../store/verify-redemption-rules.ts';
import { RULES } from '../store/verify-rules.ts';
import { verifyCounts } from './verify-counts.ts';
import { verifyLots } from './verify-lots.ts';
import { verifySeal } from './verify-seal.ts';
import type { LeftOut, Progress, Violation } from './violation.ts';

export type { Violation } from './violation.ts';

/** The end of a chain of seals. Kept elsewhere, it proves later that nothing was cut off. */
export interface SealHead extends SealPlace {
  /** Hex. */
  hash: string;
}

export interface VerifyOptions {
  onProgress?: Progress;
  onLeftOut?: LeftOut;
  /** Heads as an earlier check told them: each must still be there. */
  knownHeads?: readonly SealHead[];
  /** Told the heads of the moment that was checked. */
  onHeads?: (heads: SealHead[]) => void;
  /** The ledger's time; what it has forgotten by then is not looked for. By default that of this machine. */
  now?: Temporal.Instant;
  /** Longest that one statement may take, milliseconds. */
  limitMs?: number;
}

/** Violations of one rule that are listed; more are not needed to know that it is broken. */
const MAX_PER_RULE = 20;
const LIMIT_MS = 300_000;

const headText = ({ door, lane, seq, hash }: SealHead): string => `${door}/${lane}/${seq} ${hash}`;

/** Ends of chains that are not there any more. */
const findCut = async (tx: Tx, knownHeads: readonly SealHead[]): Promise<Violation[]> => {
  if (knownHeads.length === 0) return [];
  const there = new Set((await findSealHashes(tx, knownHeads)).map(headText));
  return knownHeads
    .filter((head) => !there.has(headText(head)))
    .map(({ door, lane, seq }) => ({
      rule: 'seal_cut',
      subject: `${door}/${lane}/${seq}`,
      detail: 'was the end of its chain once and is not there any more',
    }));
};

/**
 * Checks the whole ledger, of one moment, against what must always hold: both sides of the entries against the balances,
 * balances against lots and reservations, lots against how they were booked, orders against what they earned and gave back,
 * what caps and tiers count against orders and entries, closed books against their entries, entries against their seals. Returns
 * what is wrong; empty = all is well. Reads every table once or twice, in constant memory; any role that may read the schema
 * `ledger` can run it.
 */
export const verifyLedger = (sql: Sql, options: VerifyOptions = {}): Promise<Violation[]> =>
  sql.begin(AS_OF_ONE_MOMENT, async (tx) => {
    const {
      onProgress = () => undefined,
      onLeftOut = () => undefined,
      knownHeads = [],
      onHeads,
      now = Temporal.Now.instant(),
      limitMs = LIMIT_MS,
    } = options;
    await allowLongReads(tx, limitMs);
    const violations: Violation[] = [];
    const rules = [
      ...RULES,
      ...OWNER_RULES,
      ...ORDER_RULES,
      ...AWARD_RULES,
      ...REDEMPTION_RULES,
      ...FINANCE_RULES,
      ...MOVEMENT_RULES,
    ];
    for (const [i, { rule, find }] of rules.entries()) {
      const rows = await find(tx, MAX_PER_RULE);
      violations.push(...rows.map(({ subject, detail }) => ({ rule, subject, detail })));
      onProgress({ step: rule, done: i + 1, of: rules.length });
    }
    violations.push(...(await verifyCounts(tx, MAX_PER_RULE, now, onProgress, onLeftOut)));
    violations.push(...(await verifyLots(tx, MAX_PER_RULE, onProgress)));
    violations.push(...(await verifySeal(tx, MAX_PER_RULE, onProgress)), ...(await findCut(tx, knownHeads)));
    onHeads?.(await readHeads(tx));
    return violations;
  });
