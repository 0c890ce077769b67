import type { Tx } from '@vafa/bus';
import { AppError, idFrom, present } from '@vafa/kernel';
import type { Earned } from '../domain/rules/earned.ts';
import { earnByEvent } from '../domain/rules/evaluate.ts';
import { GRANT_RULE } from '../domain/rules/rule.ts';
import { resolveCustomer } from '../store/accounts.ts';
import { readBalance } from '../store/read-balance.ts';
import { type AwardClaim, findAward } from '../store/rule-awards.ts';
import { findAmount } from '../store/transfers.ts';
import { type AccountView, viewOf } from './account-view.ts';
import type { Call } from './call.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import { giveAwards } from './give-awards.ts';
import { requireSomebody } from './require-somebody.ts';
import { findSettledFacts } from './settle-tiers.ts';

export interface GrantCommand {
  customerId: string;
  /** Chosen by the caller: the same grant is given once, for ever. */
  grantId: string;
  /** A rule whose trigger is `manual_grant`, or how many points; one of them. */
  ruleId?: string;
  points?: number;
  reason: string;
}

export interface Granted {
  entryId: string;
  points: number;
  ruleId: string;
  balance: AccountView;
}

const byRule = async (tx: Tx, ruleId: string, owner: string, now: Temporal.Instant, rules: Rules): Promise<Earned> => {
  const { compiled } = rules;
  const set = compiled.grants.get(ruleId);
  if (!set)
    throw new AppError('not_found', 'ledger.rule_not_found', 'the programme has no rule of this id for manual grants');
  const facts = set.asksCustomer ? (await findSettledFacts(tx, rules, [owner], now)).get(owner) : undefined;
  const earned = earnByEvent(compiled, set, { atMs: now.epochMilliseconds }, facts);
  if (earned.awards.length === 0)
    throw new AppError(
      'rejected',
      'ledger.rule_does_not_apply',
      'the rule does not hold for this customer at this time',
    );
  return earned;
};

/** What is granted without a rule. */
export const asManyAsAsked = (points: number): Earned => ({
  awards: [{ ruleId: GRANT_RULE, points, explanation: null, rule: null }],
  note: null,
  cappedAway: [],
});

/** What a second person must approve can't be had by another door. */
const checkApproval = (points: number, { programme }: Rules): void => {
  const limit = programme?.approvalAbovePoints ?? null;
  if (limit !== null && points > limit)
    throw new AppError(
      'rejected',
      'ledger.approval_needed',
      `more than ${limit} points need a second person: ask for an adjustment`,
      { approvalAbovePoints: limit },
    );
};

/**
 * Gives points by hand or by a campaign, by a rule or as many as are said. The same grant once more changes nothing and is
 * answered with the entry it made.
 * @throws AppError invalid `ledger.grant_incomplete`, not_found `ledger.rule_not_found`, conflict `ledger.grant_conflict` for
 * the same id with another customer, rule, points or reason, rejected `ledger.rule_does_not_apply`, `ledger.cap_reached`,
 * `ledger.customer_erased`, `ledger.approval_needed` for more points than the programme lets one person give
 */
export const grantPoints = async (
  tx: Tx,
  command: GrantCommand,
  call: Call,
  deps: { currentRules: CurrentRules },
): Promise<Granted> => {
  const { customerId, grantId, ruleId, points, reason } = command;
  if ((ruleId === undefined) === (points === undefined))
    throw new AppError('invalid', 'ledger.grant_incomplete', 'a grant names a rule or points, one of them', {
      problems: [{ path: ruleId === undefined ? '/points' : '/ruleId', message: 'give either ruleId or points' }],
    });
  const contentHash = idFrom(JSON.stringify([customerId, ruleId, points, reason]));
  const key = idFrom('ledger', 'award', 'grant', grantId);
  const owner = await resolveCustomer(tx, customerId);
  const answer = async (entryId: string, given: string, amount: number): Promise<Granted> => ({
    entryId,
    points: amount,
    ruleId: given,
    balance: viewOf((await readBalance(tx, owner, call.now)).account),
  });
  const again = async (before: AwardClaim): Promise<Granted> => {
    if (before.contentHash !== contentHash)
      throw new AppError(
        'conflict',
        'ledger.grant_conflict',
        'a grant of this id but with other content was given before',
      );
    const amount = await findAmount(tx, before.transferId);
    return answer(before.transferId, ruleId ?? GRANT_RULE, present(amount, 'entry of a grant'));
  };
  const before = await findAward(tx, key);
  if (before) return again(before);
  requireSomebody(owner);
  const rules = await deps.currentRules(tx);
  checkApproval(points ?? 0, rules);
  const earned =
    ruleId === undefined ? asManyAsAsked(points as number) : await byRule(tx, ruleId, owner, call.now, rules);
  const gift = {
    customerId: owner,
    earned,
    keyOf: () => ['grant', grantId],
    occurredAt: call.now.toString(),
    reason,
    contentHash,
    actor: call.actor,
    traceparent: call.traceparent,
  };
  const { claimed, transfers } = await giveAwards(tx, [gift], rules, { door: 'api', now: call.now });
  // The same grant at the same moment: the other was first.
  if (claimed === 0) return again(present(await findAward(tx, key), 'award of a grant'));
  const [transfer] = transfers;
  if (!transfer) throw new AppError('rejected', 'ledger.cap_reached', "the rule's caps leave no room for it");
  return answer(transfer.id, ruleId ?? GRANT_RULE, transfer.amount);
};
