import type { Answer } from './ask.ts';
import { MINOR_PER_POINT, type Redemption } from './deeds.ts';
import type { LineTools } from './line-tools.ts';
import { type OwnCode, plainCode } from './reward-deeds.ts';

const HOLD_SECONDS = 900;
const SHARES = { everybodys: 0.5, held: 0.5, released: 0.3, key: 0.5, twice: 0.4 };

/** Nobody's use is left just now. */
const isUsedUp = (answer: Answer | undefined): boolean => {
  if (answer?.status !== 422 || answer.body.code !== 'ledger.coupons_rejected') return false;
  const results = answer.body.results as { reason?: string }[];
  return results.every(({ reason }) => reason === 'used_up' || reason === 'reserved');
};

/** Coupons used for orders: at once, or held and then used or given back; a code of one's own or one that all may use. */
export const createCouponDeeds = (
  { customerId, random, done, shop, post, isTaken, nameOf }: LineTools,
  ownCodes: () => OwnCode[],
) => {
  const note = (redemption: Redemption, own: OwnCode | undefined): void => {
    done.redemptions.push(redemption);
    if (own && redemption.status === 'redeemed') own.uses += 1;
  };

  const close = async (redemption: Omit<Redemption, 'status'>, own: OwnCode | undefined): Promise<void> => {
    const { orderId } = redemption;
    // The first is given back in any case: of the few that a short run holds often none was, which then proved nothing of it.
    const released = !done.redemptions.some(({ status }) => status === 'released') || random.chance(SHARES.released);
    const deed = released ? 'release' : 'redeem';
    const answer = await post(`/v1/coupons/redemptions/${orderId}/${deed}`, {}, `${orderId}-${deed}`);
    if (isTaken(answer, `a coupon's ${deed}`)) note({ ...redemption, status: released ? 'released' : 'redeemed' }, own);
  };

  const use = async (): Promise<void> => {
    const codes = ownCodes();
    const own = codes.length === 0 || random.chance(SHARES.everybodys) ? undefined : random.pick(codes);
    const { code } = own ?? shop.everybody;
    const orderId = nameOf('cart');
    const held = random.chance(SHARES.held);
    const cart = { customerId, currency: 'IRR', totalMinor: 20 * MINOR_PER_POINT, codes: [code] };
    const body = { orderId, ...cart, ...(held ? { holdSeconds: HOLD_SECONDS } : {}) };
    const path = '/v1/coupons/redemptions';
    const answer = await post(path, body, random.chance(SHARES.key) ? orderId : undefined);
    const left = own ? shop.voucherUses - own.uses : undefined;
    // Of a code of one's own it is known whether a use is left; of the other, others may have been faster.
    if (left !== undefined && left > 0 ? false : isUsedUp(answer)) return;
    if (!isTaken(answer, 'a coupon')) return;
    if (left === 0) done.surprises.push(`${code} was used for ${orderId} although no use was left`);
    if (random.chance(SHARES.twice)) {
      const again = await post(path, body);
      if (!isTaken(again, 'a coupon asked for again')) return;
      done.askedTwice += 1;
    }
    const redemption = { customerId, orderId, code: plainCode(code) };
    if (held) await close(redemption, own);
    else note({ ...redemption, status: 'redeemed' }, own);
  };

  return { use };
};
