import { emit, type Tx } from '@vafa/bus';
import { newId } from '@vafa/kernel';
import { addLots } from '../domain/book.ts';
import { credit } from '../domain/credit.ts';
import { debit } from '../domain/spend.ts';
import { atOnce } from '../domain/terms.ts';
import { findOpenLots } from '../store/lots.ts';
import { saveBook } from '../store/save-book.ts';
import { type AccountView, viewOf } from './account-view.ts';
import type { Call } from './call.ts';
import type { CurrentRules } from './current-programme.ts';
import { openAccount } from './open-account.ts';
import { eventsOf } from './points-events.ts';
import { requireSomebody } from './require-somebody.ts';
import { expiringIn, settleBeforeGiving } from './tier-expiry.ts';

export interface AdjustCommand {
  customerId: string;
  /** Positive gives, negative takes; never 0. */
  points: number;
  reason: string;
  /** The request that somebody consented to, where one was needed. */
  requestId?: string;
}

export interface Adjusted {
  entryId: string;
  points: number;
  balance: AccountView;
}

/**
 * Corrects a balance by hand. Given points expire as earned ones do; taken ones come from what expires first.
 * @throws AppError rejected `ledger.insufficient_points` when more is to be taken than is there, `ledger.customer_erased`
 */
export const adjustPoints = async (
  tx: Tx,
  command: AdjustCommand,
  call: Call,
  deps: { currentRules: CurrentRules },
): Promise<Adjusted> => {
  const rules = await deps.currentRules(tx);
  const { book, account } = await openAccount(tx, 'api', call.now, command.customerId);
  // What is kept for nobody may still be taken away.
  if (command.points > 0) requireSomebody(account.customerId);
  const posting = {
    kind: 'adjust' as const,
    points: command.points,
    occurredAt: call.now.toString(),
    // Nothing out there names a correction that needed no request: callers repeat it safely by their Idempotency-Key.
    naturalKey: [command.requestId ?? newId()],
    actor: call.actor,
    reason: command.reason,
    // By it the expiry of what is given can be checked later.
    ...(rules.programme && command.points > 0 ? { ruleVersion: rules.programme.version } : {}),
    ...(call.traceparent ? { traceparent: call.traceparent } : {}),
  };
  if (command.points < 0)
    addLots(book, await findOpenLots(tx, new Map([[account.customerId, -command.points]]), book.nowMs));
  const tierOf = await settleBeforeGiving(tx, rules, command.points > 0 ? [account.customerId] : [], call.now);
  const expiringOf = expiringIn(rules, tierOf(account.customerId));
  const transfer =
    command.points > 0
      ? credit(book, account, posting, atOnce(expiringOf(call.now.epochMilliseconds)))
      : debit(book, account, posting);
  await saveBook(tx, book, call.now.toString());
  await emit(tx, eventsOf(book));
  return { entryId: transfer.id, points: command.points, balance: viewOf(account) };
};
