import { fields } from '@vafa/contracts';
import type { HttpApp, ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { statusAt } from '../domain/reservation.ts';
import { RESERVATION_STATUSES } from '../store/schema.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { quotePoints, viewPayment } from '../use-cases/pay-with-points.ts';
import type { Redeem } from './redeem-together.ts';
import {
  Account,
  CapturedBody,
  CustomerParams,
  GivenBackPoints,
  Instant,
  keepable,
  MAX_RESERVATION_SECONDS,
  ReservationParams,
} from './schemas.ts';

const tags = ['points payments'];
const closed = { additionalProperties: false } as const;
const Points = Type.Integer({ minimum: 0 });
const Minor = Type.Integer({ minimum: 0 });

const amount = { currency: fields.Currency, amountMinor: fields.PositiveMinor };

const QuoteBody = Type.Object(amount, closed);

const QuotedBody = Type.Object({
  customerId: Type.String(),
  points: Type.Integer({ minimum: 1, description: 'Points that pay the whole amount, rounded up' }),
  payableMinor: Type.Integer({ minimum: 0, description: 'The most of the amount that the balance pays' }),
  payablePoints: Type.Integer({ minimum: 0, description: 'Points that takes' }),
  activePoints: Points,
  value: Type.Object({ currency: Type.String(), minor: Type.Integer(), perPoints: Type.Integer() }),
});

const PayBody = Type.Object(
  {
    ...amount,
    orderId: Type.Optional(keepable(fields.OrderId)),
    ttlSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_RESERVATION_SECONDS, description: "The programme's own if not given" }),
    ),
  },
  closed,
);

const PaidBody = Type.Object({
  reservationId: Type.String({ description: 'Release it as any reservation' }),
  points: Points,
  currency: Type.String(),
  amountMinor: Minor,
  expiresAt: Instant,
  balance: Account,
});

const CaptureBody = Type.Optional(
  Type.Union([Type.Object({ amountMinor: Type.Optional(fields.PositiveMinor) }, closed), Type.Null()]),
);

const PaymentCapturedBody = Type.Object({ ...CapturedBody.properties, capturedMinor: Minor });

const PaymentBody = Type.Object({
  reservationId: Type.String(),
  customerId: Type.String(),
  status: fields.OneOf(RESERVATION_STATUSES),
  currency: Type.String(),
  amountMinor: Minor,
  capturedMinor: Minor,
  points: Points,
  capturedPoints: Points,
  givenBackPoints: GivenBackPoints,
  value: Type.Object({ minor: Type.Integer(), perPoints: Type.Integer() }),
});

/** Points as a means of payment, at the programme's value. */
export const pointsPaymentRoutes = (
  app: HttpApp,
  { sql, clock }: ServiceContext,
  deps: { currentRules: CurrentRules; redeem: Redeem },
): void => {
  const { redeem } = deps;

  app.post(
    '/v1/customers/:customerId/points-payments/quote',
    {
      schema: {
        tags,
        summary: 'What paying an amount with points takes, and how far the balance goes. Changes nothing',
        params: CustomerParams,
        body: QuoteBody,
        response: { 200: QuotedBody },
      },
      config: { scope: 'ledger:read' },
    },
    (request) => quotePoints(sql, { ...request.params, ...request.body }, clock.now(), deps),
  );

  app.post(
    '/v1/customers/:customerId/points-payments',
    {
      schema: {
        tags,
        summary: 'Holds the points that pay an amount; 422 ledger.insufficient_points, ledger.no_point_value',
        params: CustomerParams,
        body: PayBody,
        response: { 201: PaidBody },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) => redeem(request, reply, 201, { kind: 'pay', ...request.params, ...request.body }),
  );

  app.get(
    '/v1/points-payments/:reservationId',
    {
      schema: { tags, summary: 'One payment with points', params: ReservationParams, response: { 200: PaymentBody } },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { payment, reservation, capturedMinor } = await viewPayment(sql, request.params.reservationId);
      return {
        reservationId: reservation.id,
        customerId: reservation.customerId,
        status: statusAt(reservation, clock.now().epochMilliseconds),
        currency: payment.currency,
        amountMinor: payment.amountMinor,
        capturedMinor,
        points: reservation.points,
        capturedPoints: reservation.captured,
        ...(reservation.givenBack === 0 ? {} : { givenBackPoints: reservation.givenBack }),
        value: { minor: payment.valueMinor, perPoints: payment.perPoints },
      };
    },
  );

  app.post(
    '/v1/points-payments/:reservationId/capture',
    {
      schema: {
        tags,
        summary: 'Spends the points of a payment, for all of its amount or a part; the rest is given back',
        params: ReservationParams,
        body: CaptureBody,
        response: { 200: PaymentCapturedBody },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) => redeem(request, reply, 200, { kind: 'capture_payment', ...request.params, ...request.body }),
  );
};
