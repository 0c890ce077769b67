/** Something that must never be so. */
export interface Violation {
  /** Which invariant, e.g. `balance_is_entries`. */
  rule: string;
  /** Of whom or what: a customer, an order, a lot, an entry, a seal. */
  subject: string;
  detail: string;
}

/** How far a long check is: `done` of `of` rules, or of seals. */
export type Progress = (state: { step: string; done: number; of: number }) => void;

/** Told what can't be looked at for now, and why, for people. */
export type LeftOut = (what: string) => void;
