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

/** Can these violations be told while the house is still at work? Gives what looks for them, and for nothing else. */
export const lookForLasting = (
  violations: readonly Violation[],
): ((evidence: Evidence) => Promise<Finding[]>) | undefined => {
  const wanted = LASTING.filter((each) =>
    violations.some(({ invariant, kind }) => invariant === each.invariant && kind === each.kind),
  );
  if (wanted.length === 0) return undefined;
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
    return found;
  };
};
