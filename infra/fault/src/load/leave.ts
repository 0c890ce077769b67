import { setTimeout as wait } from 'node:timers/promises';
import type { Sql } from '@vafa/bus';
import { isInfrastructure } from '@vafa/bus';
import type { Caller } from './ask.ts';
import { type Acknowledged, MINOR_PER_POINT, purchaseBody } from './deeds.ts';

const LOOK_MS = 200;
const ORDERS = 3;

const isForgotten = async (sql: Sql, customerId: string): Promise<boolean> => {
  try {
    const rows = await sql`select 1 from messaging.contact where customer_id = ${customerId} and erased_at is not null`;
    return rows.length > 0;
  } catch (error) {
    if (!isInfrastructure(error)) throw error;
    return false;
  }
};

/** A customer asks to be forgotten; once messaging knows, orders in that name come in all the same: nobody may be written to. */
export const leave = async (
  customerId: string,
  deps: { caller: Caller; sql: Sql; done: Acknowledged; givenUp: AbortSignal },
): Promise<void> => {
  const { caller, sql, done, givenUp } = deps;
  const buy = async (name: string): Promise<string | undefined> => {
    const orderId = `${customerId}-${name}`;
    const occurredAt = Temporal.Now.instant().toString();
    const body = purchaseBody({ customerId, orderId, category: 'coffee', totalMinor: MINOR_PER_POINT, occurredAt });
    const answer = await caller.untilAnswered({ service: 'gateway', method: 'POST', path: '/v1/purchases', body });
    return answer?.status === 202 ? orderId : undefined;
  };
  await buy('before');
  const path = `/v1/customers/${customerId}`;
  const answer = await caller.untilAnswered({ service: 'gateway', method: 'DELETE', path });
  if (answer?.status !== 202) {
    done.surprises.push(`an erasure was answered ${answer?.status ?? 'not at all'}`);
    return;
  }
  done.erasedCustomers.push(customerId);
  while (!givenUp.aborted && !(await isForgotten(sql, customerId))) await wait(LOOK_MS);
  if (givenUp.aborted) return;
  for (let i = 0; i < ORDERS; i++) {
    const orderId = await buy(`after-${i}`);
    if (orderId !== undefined) done.ordersAfterErasure.push(orderId);
  }
};
