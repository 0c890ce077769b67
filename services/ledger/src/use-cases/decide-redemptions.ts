import { emit, type Tx } from '@vafa/bus';
import { AppError, type Clock, present } from '@vafa/kernel';
import type { Decider, Postponed, Verdict } from '@vafa/platform';
import { saveGivenBack } from '../store/payments.ts';
import { insertPayments, saveCaptured } from '../store/points-payments.ts';
import { closeReservations, insertReservations } from '../store/reservations.ts';
import { saveBook } from '../store/save-book.ts';
import { type Decided, decideRedemption, nothingDecided } from './decide-redemption.ts';
import { type OpenedRedemptions, openRedemptions } from './open-redemptions.ts';
import type { Redeemed, Redemption } from './redemptions.ts';
import { findKnown, type Known, type Meant, type RedemptionDeps, understand } from './understand-redemption.ts';

/** The result of a deed, or its refusal. */
const verdictOn = <Result>(deed: () => Result): Verdict<Result> => {
  try {
    return { kind: 'done', result: deed() };
  } catch (error) {
    if (error instanceof AppError) return { kind: 'refused', error };
    throw error;
  }
};

/** Sends what was decided, one statement per table, all at once. */
const save = (tx: Tx, { book, now }: OpenedRedemptions, decided: Decided): Promise<unknown> => {
  const { customers, held, ended, givenBack, payments, captured, events } = decided;
  if (customers.size === 0) return Promise.resolve();
  const at = now.toString();
  const ifAny = <Row>(rows: readonly Row[], write: (rows: readonly Row[]) => Promise<void>) =>
    rows.length > 0 ? write(rows) : undefined;
  const accounts = new Map([...book.accounts].filter(([customerId]) => customers.has(customerId)));
  return Promise.all([
    ifAny(held, (rows) => insertReservations(tx, rows, at)),
    ifAny(payments, (rows) => insertPayments(tx, rows)),
    ifAny(ended, (rows) => closeReservations(tx, rows, at)),
    ifAny(givenBack, (rows) => saveGivenBack(tx, rows)),
    ifAny(captured, (rows) => saveCaptured(tx, rows)),
    saveBook(tx, { ...book, accounts }, at),
    emit(tx, events),
  ]);
};

/** Redemptions that are to be decided: what each means, and everything that they may change, locked. */
interface HeldRedemptions {
  commands: readonly Redemption[];
  meant: readonly Verdict<Meant>[];
  opened: OpenedRedemptions;
}

type RedemptionDecider = Decider<Redemption, Known, HeldRedemptions, Redeemed>;

/**
 * Reserves, captures and releases points: all that several callers ask for, in one transaction. Their accounts are locked in
 * the order of ids, each command is decided in memory in the order of arrival, as if it were alone and after those before it, and
 * everything is written once. However many ask at once, nobody gets more than there is. What a command may be refused with is
 * told at `understand` and `decideRedemption`; AppError unavailable, when all fails because of one of them, at `openRedemptions`
 * and `sealTransfers`.
 */
export const createRedemptionDecider = (clock: Clock, deps: RedemptionDeps): RedemptionDecider => ({
  keepsPlans: true,
  ask: (tx, commands) =>
    findKnown(
      tx,
      commands.map(({ deed }) => deed),
      deps,
    ),
  hold: async (tx, commands, known, patient) => {
    const meant = commands.map(({ deed }) => verdictOn(() => understand(deed, known, deps)));
    const opened = await openRedemptions(
      tx,
      meant.flatMap((verdict) => (verdict.kind === 'done' ? [verdict.result] : [])),
      known.rules,
      { clock, patient },
    );
    return { commands, meant, opened };
  },
  decide: (tx, { commands, meant, opened }, fresh) => {
    const decided = nothingDecided();
    const verdicts = fresh.map((place): Verdict<Redeemed> | Postponed => {
      const { caller } = present(commands[place], 'redemption');
      const verdict = present(meant[place], 'what is meant');
      if (verdict.kind === 'refused') return verdict;
      if (opened.locked.has(verdict.result.customerId)) return { kind: 'postponed' };
      return verdictOn(() => decideRedemption(opened, verdict.result, caller, decided));
    });
    return { verdicts, written: save(tx, opened, decided) };
  },
});
