import type { HttpApp, ServiceContext } from '@vafa/platform';
import { statusAt } from '../domain/reservation.ts';
import { isoOfMs } from '../store/instants.ts';
import { findReservation, type KeptReservation } from '../store/reservations.ts';
import { reservationNotFound } from '../use-cases/understand-redemption.ts';
import type { Redeem } from './redeem-together.ts';
import {
  CaptureBody,
  CapturedBody,
  CustomerParams,
  ReleasedBody,
  ReservationBody,
  ReservationParams,
  ReserveBody,
  ReservedBody,
} from './schemas.ts';

const tags = ['reservations'];

const bodyOf = (found: KeptReservation, now: Temporal.Instant) => ({
  reservationId: found.id,
  customerId: found.customerId,
  points: found.points,
  capturedPoints: found.captured,
  ...(found.givenBack === 0 ? {} : { givenBackPoints: found.givenBack }),
  status: statusAt(found, now.epochMilliseconds),
  createdAt: isoOfMs(found.createdAtMs),
  expiresAt: isoOfMs(found.expiresAtMs),
  ...(found.closedAtMs === null ? {} : { closedAt: isoOfMs(found.closedAtMs) }),
  ...(found.orderId === null ? {} : { orderId: found.orderId }),
});

/** Redemption in two phases: reserve, then capture or release. */
export const reservationRoutes = (app: HttpApp, { sql, clock }: ServiceContext, redeem: Redeem): void => {
  app.post(
    '/v1/customers/:customerId/reservations',
    {
      schema: {
        tags,
        summary: 'Holds points for a payment; 422 ledger.insufficient_points tells what is available',
        params: CustomerParams,
        body: ReserveBody,
        response: { 201: ReservedBody },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) => redeem(request, reply, 201, { kind: 'reserve', ...request.params, ...request.body }),
  );

  app.get(
    '/v1/reservations/:reservationId',
    {
      schema: { tags, summary: 'One reservation', params: ReservationParams, response: { 200: ReservationBody } },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const found = await findReservation(sql, request.params.reservationId);
      if (!found) throw reservationNotFound();
      return bodyOf(found, clock.now());
    },
  );

  app.post(
    '/v1/reservations/:reservationId/capture',
    {
      schema: {
        tags,
        summary: 'Spends a reservation, all of it or a part; the rest is given back. 409 once it is closed',
        params: ReservationParams,
        body: CaptureBody,
        response: { 200: CapturedBody },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) => redeem(request, reply, 200, { kind: 'capture', ...request.params, ...request.body }),
  );

  app.post(
    '/v1/reservations/:reservationId/release',
    {
      schema: {
        tags,
        summary: 'Gives a reservation back. 409 once it is closed',
        params: ReservationParams,
        response: { 200: ReleasedBody },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) => redeem(request, reply, 200, { kind: 'release', ...request.params }),
  );
};
