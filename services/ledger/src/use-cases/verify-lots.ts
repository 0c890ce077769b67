import type { Tx } from '@vafa/bus';
import type { Terms } from '../domain/terms.ts';
import { PENDING } from '../domain/transfer.ts';
import { countLots, type LotTerms, readAllProgrammes, readLotTerms } from '../store/read-lot-terms.ts';
import { createKnownTerms, type KnownTerms } from './known-terms.ts';
import type { Progress, Violation } from './violation.ts';

const text = (ms: number | null): string => (ms === null ? 'never' : new Date(ms).toISOString());

/**
 * A lot expires as it was booked, or later as far as activity has kept it, if it slides. Lots do of which a rule or a tier said when
 * they expire, where they were booked before that was kept. What an interaction made spendable was booked without an end, and has one
 * since (see `wasActivated`).
 */
const expiresAs = (lot: LotTerms, { expiresAtMs: bookedMs, sliding, awaits }: Terms): boolean =>
  (sliding !== 'always' || lot.slides) && endsAs(lot, bookedMs) && (awaits === null || !lot.activated);

const endsAs = ({ expiresAtMs, slides, slidesUntilMs }: LotTerms, bookedMs: number | null): boolean =>
  expiresAtMs === bookedMs ||
  (slides &&
    bookedMs !== null &&
    expiresAtMs !== null &&
    slidesUntilMs !== null &&
    expiresAtMs > bookedMs &&
    expiresAtMs <= slidesUntilMs);

/** While points are pending they wait as they were booked; when none are, what they waited for may be gone. */
const waitsAs = (lot: LotTerms, { pendingUntilMs, awaits }: Terms): boolean => {
  if ((lot.account === PENDING) !== (pendingUntilMs !== null)) return false;
  const same = lot.pendingUntilMs === pendingUntilMs && lot.awaits === awaits;
  if (lot.pending > 0) return same;
  return (
    (lot.pendingUntilMs === null || lot.pendingUntilMs === pendingUntilMs) &&
    (lot.awaits === null || lot.awaits === awaits)
  );
};

const wasActivated = (lot: LotTerms, { activated }: KnownTerms): boolean => {
  if (activated === undefined) return false;
  if (lot.expiresAtMs === null) return activated.mayNever;
  const toMs = lot.slides ? Math.max(activated.toMs, lot.slidesUntilMs ?? activated.toMs) : activated.toMs;
  return lot.expiresAtMs >= activated.fromMs && lot.expiresAtMs <= toMs;
};

const problemOf = (lot: LotTerms, known: KnownTerms): string | undefined => {
  const waiting = known.terms.filter((terms) => waitsAs(lot, terms));
  const [first] = known.terms;
  if (waiting.length === 0)
    return `waits until ${text(lot.pendingUntilMs)} for ${lot.awaits ?? 'time'}, its credit says until ${text(first?.pendingUntilMs ?? null)} for ${first?.awaits ?? 'time'}`;
  if (waiting.some((terms) => expiresAs(lot, terms)) || wasActivated(lot, known)) return undefined;
  return `expires ${text(lot.expiresAtMs)}, its credit (${lot.kind}) says ${text(waiting[0]?.expiresAtMs ?? null)}`;
};

/**
 * Compares from when to when each lot's points can be spent with what its credit, the programme that priced it and what the
 * customer did since come to; page by page, so memory does not grow with the book. Tells `limit` violations at most.
 */
export const verifyLots = async (tx: Tx, limit: number, onProgress: Progress): Promise<Violation[]> => {
  const knownTerms = createKnownTerms(await readAllProgrammes(tx));
  const found: Violation[] = [];
  const all = await countLots(tx);
  let done = 0;
  for (let after: string | null = null; ; ) {
    const lots: LotTerms[] = await readLotTerms(tx, after);
    const last = lots.at(-1);
    if (!last) return found;
    for (const lot of lots) {
      const detail = problemOf(lot, knownTerms(lot));
      if (detail !== undefined) found.push({ rule: 'lot_is_as_booked', subject: lot.id, detail });
      if (found.length >= limit) return found;
    }
    after = last.id;
    done += lots.length;
    onProgress({ step: 'lots', done, of: all });
  }
};
