import type { Tx } from '@vafa/bus';
import { exactTimeMs } from '../domain/entry-id.ts';
import {
  countSeals,
  findBadlySealed,
  type KeptTransfer,
  readSealedTransfers,
  readSeals,
  type SealPlace,
  type SealRow,
} from '../store/read-seals.ts';
import { bodyHash, chainedHash, checkOf, NO_HASH, sealedText } from '../store/seal-text.ts';
import type { Progress, Violation } from './violation.ts';

const placeText = ({ door, lane, seq }: SealPlace): string => `${door}/${lane}/${seq}`;

/** Rounded to the microsecond, a transaction's time may be one millisecond later than its seal's. */
const isAt = (recordedAtMs: number, atMs: number): boolean => recordedAtMs === atMs || recordedAtMs === atMs + 1;

/** What is wrong with one seal. `before` is the one before it in its chain, if there is any. */
const checkSeal = (
  seal: SealRow,
  before: (SealPlace & { hash: string }) | undefined,
  transfers: ReadonlyMap<string, KeptTransfer>,
): Violation[] => {
  const found: Violation[] = [];
  const place = placeText(seal);
  const tell = (rule: string, subject: string, detail: string): void => void found.push({ rule, subject, detail });
  if (seal.seq !== (before?.seq ?? 0) + 1)
    tell('seal_chain', place, `follows ${before?.seq ?? 0}: seals between them are gone`);
  else if (seal.prevHash !== (before?.hash ?? NO_HASH))
    tell('seal_chain', place, 'is not linked to the seal before it');

  const texts: string[] = [];
  seal.ids.forEach((id, i) => {
    const transfer = transfers.get(id);
    if (!transfer) {
      tell('sealed_entry_gone', id, `was sealed in ${place} and is not there`);
      return;
    }
    const text = sealedText(transfer, exactTimeMs(id, transfer.occurredAtMs));
    texts.push(text);
    if (checkOf(text) !== seal.checks[i] || !isAt(transfer.recordedAtMs, seal.atMs))
      tell('sealed_entry_changed', id, `is not as it was sealed in ${place}`);
  });
  if (found.length > 0) return found;
  const hash = chainedHash(seal.prevHash, seal, bodyHash(texts, seal.atMs));
  if (hash !== seal.hash) tell('seal_hash', place, `its ${seal.ids.length} transfers do not give its hash`);
  return found;
};

/**
 * Recomputes every seal from the transfers as they are, page by page, and looks for transfers that were never sealed.
 * Memory does not grow with the book. Tells `limit` violations of each kind at most.
 */
export const verifySeal = async (tx: Tx, limit: number, onProgress: Progress): Promise<Violation[]> => {
  const found: Violation[] = [];
  const keep = (violation: Violation): void => {
    if (found.filter(({ rule }) => rule === violation.rule).length < limit) found.push(violation);
  };
  const all = await countSeals(tx);
  let done = 0;
  let last: (SealPlace & { hash: string }) | null = null;
  for (;;) {
    const seals: SealRow[] = await readSeals(tx, last);
    if (seals.length === 0) break;
    const kept = await readSealedTransfers(
      tx,
      seals.flatMap(({ ids }) => ids),
    );
    const transfers = new Map(kept.map((transfer) => [transfer.id, transfer]));
    for (const seal of seals) {
      const sameChain: boolean = last?.door === seal.door && last.lane === seal.lane;
      checkSeal(seal, sameChain && last ? last : undefined, transfers).forEach(keep);
      last = seal;
    }
    done += seals.length;
    onProgress({ step: 'seal', done, of: all });
  }
  for (const { id, seals } of await findBadlySealed(tx, limit))
    keep({
      rule: seals === 0 ? 'entry_not_sealed' : 'entry_sealed_twice',
      subject: id,
      detail: `is in ${seals} seals instead of one`,
    });
  return found;
};
