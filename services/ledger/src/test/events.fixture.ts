import { type EventOf, event, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import type { Programme } from '../domain/programme.ts';

/** One point per 100 minor units, for ever. */
export const PROGRAMME: Programme = {
  name: 'Club',
  rates: [{ currency: 'EUR', points: 1, perMinor: 100 }],
  rounding: 'floor',
  expiresAfterDays: null,
  expiringSoonDays: 0,
  reservationTtlSeconds: 900,
  returnPolicy: 'allow_negative',
  timeZone: 'Europe/Berlin',
};

type Purchase = EventOf<typeof PurchaseCompleted>;
type Refund = EventOf<typeof PurchaseRefunded>;

export const T0 = '2026-11-21T08:00:00Z';

/** A purchase of so many minor units; by default at the start of the test. */
export const purchase = (
  customerId: string,
  orderId: string,
  totalMinor: number,
  more: Partial<Purchase['data']> & { time?: string } = {},
): Purchase => {
  const { time = T0, ...data } = more;
  return event(
    PurchaseCompleted,
    { id: newId(), source: '/test', time },
    { customerId, orderId, currency: 'EUR', totalMinor, lines: [], ...data },
  );
};

export const refund = (
  customerId: string,
  refundId: string,
  data: Partial<Refund['data']> & Pick<Refund['data'], 'scope'> & { time?: string },
): Refund => {
  const { time = T0, ...rest } = data;
  return event(
    PurchaseRefunded,
    { id: newId(), source: '/test', time },
    { customerId, refundId, currency: 'EUR', ...rest },
  );
};
