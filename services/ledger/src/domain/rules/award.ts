import type { Basis } from './basis.ts';
import type { CompiledRule } from './compile.ts';
import type { Explanation } from './explanation.ts';

/** Points of one entry to be. */
export interface Award {
  /** `base` for the programme's rate. */
  ruleId: string;
  /** 1 at least. */
  points: number;
  /** How they came about; null for the rate by itself. */
  explanation: Explanation | null;
  /** Its caps and its own times; null for the rate. */
  rule: CompiledRule | null;
  /** The lines that the points rest on; not given = the whole order. */
  basis?: Basis;
}
