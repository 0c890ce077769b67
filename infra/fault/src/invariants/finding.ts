import type { Sql } from '@vafa/bus';
import type { RecordLine } from '@vafa/sandbox';
import type { Acknowledged } from '../load/deeds.ts';
import type { Expected } from '../oracle.ts';
import type { Shop } from '../shop.ts';

/** What an invariant is judged by: what was promised, the databases, and the provider's own record. */
export interface Evidence {
  /** Administrator's pool: every schema may be read. */
  sql: Sql;
  done: Acknowledged;
  expected: ReadonlyMap<string, Expected>;
  shop: Shop;
  /** SMS that the provider says it accepted, oldest first. */
  accepted: readonly Extract<RecordLine, { kind: 'sms' }>[];
  bus: 'postgres-log' | 'kafka';
}

/** The judgement of one invariant. */
export interface Finding {
  invariant: string;
  /** How many things were looked at. */
  checked: number;
  /** What may be wrong, and how often it was: all must be 0. */
  counts: Record<string, number>;
  /** A few of them, for whoever looks for the cause. */
  examples: string[];
}

export type Invariant = (evidence: Evidence) => Promise<Finding[]>;

const MAX_EXAMPLES = 5;

/** Gathers what is wrong by kind. */
export const createFinding = (
  invariant: string,
  kinds: readonly string[],
): { finding: Finding; wrong: (kind: string, example: string) => void } => {
  const finding: Finding = {
    ...{ invariant, checked: 0 },
    ...{ counts: Object.fromEntries(kinds.map((kind) => [kind, 0])), examples: [] },
  };
  return {
    finding,
    wrong: (kind, example) => {
      finding.counts[kind] = (finding.counts[kind] ?? 0) + 1;
      if (finding.examples.length < MAX_EXAMPLES) finding.examples.push(`${kind}: ${example}`);
    },
  };
};

export const violationsOf = ({ counts }: Finding): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
