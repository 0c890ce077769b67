import type { Tx } from '@vafa/bus';

/** Gives what one customer got for points and its coupons to another; coupons are locked in the order of codes. */
export const giveRedemptions = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update reward_claim set customer_id = ${into} where customer_id = ${from}`;
  await tx`update coupon_redemption set customer_id = ${into} where customer_id = ${from}`;
  await tx`update coupon_use set customer_id = ${into} where customer_id = ${from}`;
  await tx`with own as materialized (select code from coupon where customer_id = ${from} order by code for update)
    update coupon set customer_id = ${into} from own where coupon.code = own.code`;
};

/** Drops what was written by hand about a customer's claims. */
export const forgetCancelReasons = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`update reward_claim set cancel_reason = null where customer_id = ${customerId} and cancel_reason is not null`;
};
