import type { Answer } from './ask.ts';
import type { Claim } from './deeds.ts';
import type { LineTools } from './line-tools.ts';
import { isPoor } from './spending-deeds.ts';

/** A code that a customer got with a reward. */
export interface OwnCode {
  code: string;
  /** Uses of it that count now, by this customer's own book. */
  uses: number;
  claim: Claim;
}

/** Codes as they are compared. */
export const plainCode = (shown: string): string => shown.replaceAll('-', '');

/** Sold out is an answer too. */
const isSoldOut = (answer: Answer | undefined): boolean =>
  answer?.status === 422 && answer.body.code === 'ledger.reward_out_of_stock';

/** Half of what has a natural key is asked for without a key of the request, so that the natural one is what counts. */
const KEY_SHARE = 0.5;
/** As who pressed the button twice; the others are never asked again, so that no second one mends the loss of a first. */
const TWICE_SHARE = 0.4;

/** Rewards taken for points, and given back. */
export const createRewardDeeds = ({ customerId, random, done, shop, post, isTaken, nameOf }: LineTools) => {
  const own: OwnCode[] = [];
  const claims: Claim[] = [];

  const claim = async (): Promise<void> => {
    const { rewardId, costPoints } = random.pick(shop.rewards);
    const reference = nameOf('claim');
    const path = `/v1/customers/${customerId}/rewards/${rewardId}/claims`;
    const answer = await post(path, { reference }, random.chance(KEY_SHARE) ? reference : undefined);
    if (isPoor(answer) || isSoldOut(answer) || !isTaken(answer, 'a claim')) return;
    const { claimId, couponCode } = answer.body;
    const code = couponCode === undefined ? null : plainCode(String(couponCode));
    const made = { customerId, reference, rewardId, claimId: String(claimId), points: costPoints, code };
    const known: Claim = { ...made, cancelled: false };
    done.claims.push(known);
    claims.push(known);
    if (code !== null) own.push({ code, uses: 0, claim: known });
    if (!random.chance(TWICE_SHARE)) return;
    const again = await post(path, { reference });
    if (!isTaken(again, 'a claim asked for again')) return;
    done.askedTwice += 1;
    if (again.body.claimId !== claimId || again.body.couponCode !== couponCode)
      done.surprises.push(`claim ${reference} asked for again was another claim, or had another code`);
  };

  /** Gives a reward back, unless its code is used. */
  const cancel = async (): Promise<void> => {
    const used = new Set(own.filter(({ uses }) => uses > 0).map((each) => each.claim));
    const open = claims.filter((each) => !each.cancelled && !used.has(each));
    if (open.length === 0) return claim();
    const chosen = random.pick(open);
    const answer = await post(`/v1/reward-claims/${chosen.claimId}/cancel`, {}, `${chosen.reference}-cancel`);
    if (isTaken(answer, 'a cancelled claim')) chosen.cancelled = true;
  };

  return {
    claim,
    cancel,
    /** Codes that can still be used, as far as their claims go. */
    codes: (): OwnCode[] => own.filter((each) => !each.claim.cancelled),
  };
};
