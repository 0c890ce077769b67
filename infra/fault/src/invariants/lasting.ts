import { capsKept } from './caps-kept.ts';
import type { Evidence, Finding, Invariant } from './finding.ts';
import { messages } from './messages.ts';
import { pendingSettled } from './pending-settled.ts';
import { poisonParked } from './poison-parked.ts';
import { purchasesBooked } from './purchases-booked.ts';
import { refundsBooked } from './refunds-booked.ts';
import { rewardsClaimed } from './rewards-claimed.ts';
import { stockKept } from './stock-kept.ts';

export interface Violation {
  invariant: string;
  kind: string;
}

/** Violations that nothing mends: what is doubled stays doubled, while what seems lost may just be on its way. */
const LASTING: readonly (Violation & { look: Invariant })[] = [
  { invariant: 'purchases booked once', kind: 'doubled', look: purchasesBooked },
  { invariant: 'refunds taken back once', kind: 'doubled', look: refundsBooked },
  { invariant: 'messages sent once', kind: 'sent twice', look: messages },
  { invariant: 'poison parked once', kind: 'parked twice', look: poisonParked },
  { invariant: 'caps kept', kind: 'beyond', look: capsKept },
  { invariant: 'caps kept', kind: 'miscounted', look: capsKept },
  { invariant: 'rewards claimed once', kind: 'doubled', look: rewardsClaimed },
  { invariant: 'stock left and taken', kind: 'off', look: stockKept },
  { invariant: 'pending points settled', kind: 'activated twice', look: pendingSettled },
];

/** Something that leads to at least one of these violations. */
interface Shows {
  shows: readonly Violation[];
}

const isSame = (a: Violation, b: Violation): boolean => a.invariant === b.invariant && a.kind === b.kind;

/**
 * Can what each of these mutants shows be told while the house is still at work? Gives what looks for that, and for nothing else: it
 * finds nothing until something of each has shown.
 */
export const lookForLasting = (mutants: readonly Shows[]): ((evidence: Evidence) => Promise<Finding[]>) | undefined => {
  const wantedOf = ({ shows }: Shows) => LASTING.filter((each) => shows.some((shown) => isSame(shown, each)));
  if (mutants.length === 0 || mutants.some((mutant) => wantedOf(mutant).length === 0)) return undefined;
  const wanted = mutants.flatMap(wantedOf);
  const isWanted = (invariant: string, kind: string): boolean =>
    wanted.some((each) => each.invariant === invariant && each.kind === kind);
  return async (evidence) => {
    const found: Finding[] = [];
    for (const look of new Set(wanted.map((each) => each.look)))
      for (const finding of await look(evidence)) {
        const counts = Object.entries(finding.counts).filter(
          ([kind, count]) => count > 0 && isWanted(finding.invariant, kind),
        );
        const examples = finding.examples.filter((example) => counts.some(([kind]) => example.startsWith(`${kind}: `)));
        if (counts.length > 0) found.push({ ...finding, counts: Object.fromEntries(counts), examples });
      }
    const hasShown = ({ shows }: Shows): boolean =>
      shows.some(({ invariant, kind }) =>
        found.some((each) => each.invariant === invariant && (each.counts[kind] ?? 0) > 0),
      );
    return mutants.every(hasShown) ? found : [];
  };
};
