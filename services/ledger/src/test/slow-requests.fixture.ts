import { isNobody } from './slow-leave.fixture.ts';

/** A correction that waits for a second person. */
export interface SlowRequest {
  customerId: string;
  points: number;
  expiresAtMs: number;
  open: boolean;
}

/** How long a request waits. */
const WAITS_MS = 168 * 3_600_000;

/** Corrections above the limit: one asks, another decides. */
export const createSlowRequests = (
  clock: { nowMs: number },
  ownerOf: (name: string) => string,
  adjust: (customerId: string, points: number) => boolean,
) => {
  const requests: SlowRequest[] = [];
  return {
    requests,
    /** Returns its number. */
    ask: (name: string, points: number): number => {
      const request = { customerId: ownerOf(name), points, expiresAtMs: clock.nowMs + WAITS_MS, open: true };
      return requests.push(request) - 1;
    },
    /** Tells whether it was decided. Points that are gone meanwhile leave it open; who asked decides nothing. */
    decide: (number: number, approves: boolean, who: 'asker' | 'another'): boolean => {
      const found = requests[number];
      if (!found?.open || who === 'asker') return false;
      if (found.expiresAtMs <= clock.nowMs || isNobody(found.customerId)) return false;
      if (approves && !adjust(found.customerId, found.points)) return false;
      found.open = false;
      return true;
    },
  };
};
