import type { AccountView } from './account-view.ts';
import type { Caller } from './call.ts';

/** Holds points for a payment under way. */
export interface Reserve {
  kind: 'reserve';
  customerId: string;
  points: number;
  orderId?: string;
  /** The programme's own when not given. */
  ttlSeconds?: number;
}

/** Holds the points that pay an amount, at the value they have now; the value is kept with the payment. */
export interface Pay extends Omit<Reserve, 'kind' | 'points'> {
  kind: 'pay';
  currency: string;
  amountMinor: number;
}

/** Spends a reservation, all of it or a part; the rest is given back. */
export interface Capture {
  kind: 'capture';
  reservationId: string;
  points?: number;
}

/** Spends the points of a payment, for all of its amount or a part; the points of the rest are given back. */
export interface CapturePayment {
  kind: 'capture_payment';
  reservationId: string;
  amountMinor?: number;
}

/** Gives a reservation back. */
export interface Release {
  kind: 'release';
  reservationId: string;
}

/** What callers ask for in the two phases of spending points. */
export type Deed = Reserve | Pay | Capture | CapturePayment | Release;

export interface Redemption {
  deed: Deed;
  caller: Caller;
}

export interface Reserved {
  reservationId: string;
  points: number;
  expiresAt: string;
  balance: AccountView;
}

export interface Paid extends Reserved {
  currency: string;
  amountMinor: number;
}

export interface Captured {
  reservationId: string;
  /** The transfer that spent the points. */
  entryId: string;
  capturedPoints: number;
  releasedPoints: number;
  /** Of the captured ones: given back at once, as the order was refunded before. Not given = 0. */
  givenBackPoints?: number;
  balance: AccountView;
}

export interface PaymentCaptured extends Captured {
  capturedMinor: number;
}

export interface Released {
  reservationId: string;
  releasedPoints: number;
  balance: AccountView;
}

/** What each kind of command is answered with; its balance is that after the command. */
export interface Answers {
  reserve: Reserved;
  pay: Paid;
  capture: Captured;
  capture_payment: PaymentCaptured;
  release: Released;
}

export type Redeemed = Answers[keyof Answers];
