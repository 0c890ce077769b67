import { type Harness, type HarnessOptions, startHarness } from '@vafa/testing';
import { expect } from 'vitest';
import type { Programme } from '../domain/programme.ts';
import { ledger } from '../service.ts';
import { verifyLedger } from '../use-cases/verify.ts';
import { PROGRAMME, T0 } from './events.fixture.ts';
import { findToldOtherwise } from './told-as-booked.fixture.ts';
import { findNoticesToldOtherwise } from './told-notices.fixture.ts';
import { findTiersToldOtherwise } from './told-tiers.fixture.ts';

export interface LedgerHarness extends Harness {
  call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: unknown,
    headers?: Record<string, string>,
  ): ReturnType<ReturnType<Harness['http']>['inject']>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  balance(customerId: string): Promise<any>;
  /** Ends the test badly when an invariant is broken, or the other services were told something else than what was booked. */
  verify(): Promise<void>;
}

/** The ledger alone, with a programme. */
export const startLedger = async (
  programme: Partial<Programme> | null = {},
  options: Partial<Pick<HarnessOptions, 'services' | 'now' | 'settings'>> = {},
): Promise<LedgerHarness> => {
  const harness = await startHarness({ services: [ledger], now: T0, ...options });
  const call: LedgerHarness['call'] = (method, url, payload, headers) =>
    harness.http('ledger').inject({ method, url, payload, ...(headers ? { headers } : {}) });
  if (programme) {
    const answer = await call('PUT', '/v1/programme', { ...PROGRAMME, ...programme });
    expect(answer.statusCode, answer.body).toBe(200);
  }
  return {
    ...harness,
    call,
    balance: async (customerId) => (await call('GET', `/v1/customers/${customerId}/balance`)).json(),
    verify: async () => {
      expect(await verifyLedger(harness.sql('ledger'), { now: harness.clock.now() })).toEqual([]);
      expect(await findToldOtherwise(harness)).toEqual([]);
      expect(await findTiersToldOtherwise(harness)).toEqual([]);
      expect(await findNoticesToldOtherwise(harness)).toEqual([]);
    },
  };
};
