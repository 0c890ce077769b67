import type { Answer } from './ask.ts';
import { PAID_MINOR_PER_POINT } from './deeds.ts';
import type { LineTools } from './line-tools.ts';

const MAX_POINTS = 20;
/** A little of what is held is spent in part, a little given back. */
const SHARES = { release: 0.3, part: 0.3 };

/** A new customer has nothing to spend: that is an answer too. */
export const isPoor = (answer: Answer | undefined): boolean =>
  answer?.status === 422 && answer.body.code === 'ledger.insufficient_points';

/** Points that are held and then spent: by number, or as what an amount of money costs. */
export const createSpendingDeeds = ({ customerId, random, done, post, isTaken, nameOf }: LineTools) => {
  const spend = async (kind: {
    what: string;
    unit: number;
    hold: string;
    capture: (reservationId: string) => string;
    body: (amount: number, holds: boolean) => object;
    into: 'captures' | 'payments';
  }): Promise<void> => {
    const points = random.between(1, MAX_POINTS);
    const name = nameOf('hold');
    const held = await post(kind.hold, kind.body(points * kind.unit, true), name);
    if (isPoor(held) || !isTaken(held, kind.what)) return;
    const id = String(held.body.reservationId);
    if (random.chance(SHARES.release)) {
      isTaken(await post(`/v1/reservations/${id}/release`, {}, `${name}-release`), 'a release');
      return;
    }
    const captured = random.chance(SHARES.part) ? random.between(1, points) : points;
    const answer = await post(kind.capture(id), kind.body(captured * kind.unit, false), `${name}-capture`);
    if (isTaken(answer, 'a capture')) done[kind.into].push({ customerId, points: captured });
  };

  return {
    reserve: (): Promise<void> =>
      spend({
        ...{ what: 'a reservation', unit: 1, into: 'captures' },
        hold: `/v1/customers/${customerId}/reservations`,
        capture: (id) => `/v1/reservations/${id}/capture`,
        body: (points) => ({ points }),
      }),
    pay: (): Promise<void> =>
      spend({
        ...{ what: 'a payment', unit: PAID_MINOR_PER_POINT, into: 'payments' },
        hold: `/v1/customers/${customerId}/points-payments`,
        capture: (id) => `/v1/points-payments/${id}/capture`,
        body: (amountMinor, holds) => ({ amountMinor, ...(holds ? { currency: 'IRR' } : {}) }),
      }),
  };
};
