import { emit, type Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { Postponed, Verdict } from '@vafa/platform';
import { saveGivenBack } from '../store/payments.ts';
import { insertPayments, saveCaptured } from '../store/points-payments.ts';
import { closeReservations, insertReservations } from '../store/reservations.ts';
import { saveBook } from '../store/save-book.ts';
import { type Decided, decideRedemption, nothingDecided } from './decide-redemption.ts';
import { type OpenedRedemptions, openRedemptions } from './open-redemptions.ts';
import type { Redeemed, Redemption } from './redemptions.ts';
import { findKnown, type RedemptionDeps, understand } from './understand-redemption.ts';

/** The result of a deed, or its refusal. */
const verdictOn = <Result>(deed: () => Result): Verdict<Result> => {
  try {
    return { kind: 'done', result: deed() };
  } catch (error) {
    if (error instanceof AppError) return { kind: 'refused', error };
    throw error;
  }
};

/** Writes what was decided, one statement per table, all sent at once. */
const save = async (tx: Tx, { book, now }: OpenedRedemptions, decided: Decided): Promise<void> => {
  const { customers, held, ended, givenBack, payments, captured, events } = decided;
  if (customers.size === 0) return;
  const at = now.toString();
  const ifAny = <Row>(rows: readonly Row[], write: (rows: readonly Row[]) => Promise<void>) =>
    rows.length > 0 ? write(rows) : undefined;
  const accounts = new Map([...book.accounts].filter(([customerId]) => customers.has(customerId)));
  await Promise.all([
    ifAny(held, (rows) => insertReservations(tx, rows, at)),
    ifAny(payments, (rows) => insertPayments(tx, rows)),
    ifAny(ended, (rows) => closeReservations(tx, rows, at)),
    ifAny(givenBack, (rows) => saveGivenBack(tx, rows)),
    ifAny(captured, (rows) => saveCaptured(tx, rows)),
    saveBook(tx, { ...book, accounts }, at),
    emit(tx, events),
  ]);
};

/**
 * Reserves, captures and releases points: all that several callers ask for, in one transaction. Their accounts are locked in
 * the order of ids, each command is decided in memory in the order of arrival, as if it were alone and after those before it, and
 * everything is written once. However many ask at once, nobody gets more than there is. Returns a verdict on each command; what
 * it may be refused with is told at `understand` and `decideRedemption`.
 * @throws AppError unavailable when all fails because of one of them, see `openRedemptions`, `sealTransfers`
 */
export const decideRedemptions = async (
  tx: Tx,
  commands: readonly Redemption[],
  { now, patient }: { now: Temporal.Instant; patient: boolean },
  deps: RedemptionDeps,
): Promise<(Verdict<Redeemed> | Postponed)[]> => {
  const known = await findKnown(
    tx,
    commands.map(({ deed }) => deed),
    deps,
  );
  const meant = commands.map(({ deed }) => verdictOn(() => understand(deed, known, deps)));
  const opened = await openRedemptions(
    tx,
    meant.flatMap((verdict) => (verdict.kind === 'done' ? [verdict.result] : [])),
    known.rules,
    { now, patient },
  );
  const decided = nothingDecided();
  const verdicts = meant.map((verdict, i): Verdict<Redeemed> | Postponed => {
    if (verdict.kind === 'refused') return verdict;
    if (opened.locked.has(verdict.result.customerId)) return { kind: 'postponed' };
    const { caller } = commands[i] as Redemption;
    return verdictOn(() => decideRedemption(opened, verdict.result, caller, decided));
  });
  await save(tx, opened, decided);
  return verdicts;
};
