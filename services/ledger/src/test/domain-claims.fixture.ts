import { newId } from '@vafa/kernel';
import { payOffByRipe } from '../domain/activate.ts';
import { type Allocation, post } from '../domain/book.ts';
import { intoLots } from '../domain/give-back.ts';
import { isNobody } from '../domain/plan.ts';
import { capture, hold, type Reservation } from '../domain/reservation.ts';
import { whyNotClaim } from '../domain/rewards/reward.ts';
import { expireDue } from '../domain/spend.ts';
import { CLAIMABLE, type Claimable } from './claims.fixture.ts';
import type { DomainTables } from './domain-tables.fixture.ts';
import { REWARD } from './redemption.fixture.ts';

interface DomainClaim {
  reservation: Reservation;
  allocations: Allocation[];
  reward: number;
  reference: string | undefined;
  stands: boolean;
}

/** Claims by the deeds of the domain; the reservation of each says whose it is. */
export const createDomainClaims = (
  { withBook, account, clock, ownerOf, reservations }: DomainTables,
  available: (customerId: string) => number,
) => {
  const claims = new Map<string, DomainClaim>();
  const isRefused = (customerId: string, reward: number): boolean => {
    const { codes, ...definition } = CLAIMABLE[reward] as Claimable;
    const all = [...claims.values()].filter((each) => each.reward === reward);
    const standing = all.filter(({ stands }) => stands);
    const facts = {
      ...{ tier: null, segments: [], activePoints: available(customerId) },
      claims: standing.filter(({ reservation }) => reservation.customerId === customerId).length,
      stockLeft: definition.stock === null ? null : definition.stock - standing.length,
      couponLeft: codes === null || all.length < codes,
      couponUsable: true,
    };
    const given = { status: 'active' as const, definition: { ...REWARD, ...definition } };
    return whyNotClaim(given, facts, clock.now.epochMilliseconds).length > 0;
  };
  return {
    /** Whether it is new, and its id; undefined: refused. */
    claim: (
      name: string,
      reward: number,
      reference: string | undefined,
    ): { id: string; isNew: boolean } | undefined => {
      const customerId = ownerOf(name);
      const before = [...claims].find(([, each]) => reference !== undefined && each.reference === reference);
      if (before) {
        const [id, known] = before;
        return known.reservation.customerId === customerId && known.reward === reward
          ? { id, isNew: false }
          : undefined;
      }
      if (isRefused(customerId, reward)) return undefined;
      const id = newId();
      const points = (CLAIMABLE[reward] as Claimable).costPoints;
      const expiresAtMs = clock.now.epochMilliseconds + 1;
      const reservation: Reservation = {
        ...{ id: newId(), customerId, points, captured: 0, orderId: null, status: 'held', expiresAtMs },
      };
      withBook((book) => {
        const own = account(customerId);
        expireDue(book, own);
        const allocations = hold(book, own, reservation);
        capture(book, own, reservation, allocations, points, { occurredAt: clock.now.toString(), actor: 'test' });
        claims.set(id, { reservation, allocations, reward, reference, stands: true });
        // Who is merged or erased gives the reservation another name.
        reservations.set(reservation.id, { reservation, allocations });
      });
      return { id, isNew: true };
    },
    cancel: (id: string): boolean => {
      const found = claims.get(id);
      if (!found?.stands || isNobody(found.reservation.customerId)) return false;
      const { reservation, allocations } = found;
      found.stands = false;
      withBook((book) => {
        const own = account(reservation.customerId);
        payOffByRipe(book, own);
        intoLots(book, own, allocations, reservation.points);
        post(book, own, {
          ...{ kind: 'redeem_reversal', points: reservation.points, occurredAt: clock.now.toString() },
          naturalKey: ['reward_claim', id],
        });
      });
      return true;
    },
  };
};
