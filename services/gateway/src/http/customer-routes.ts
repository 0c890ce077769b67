import { AppError, present } from '@vafa/kernel';
import type { HttpApp, ServiceContext } from '@vafa/platform';
import type { TSchema } from 'typebox';
import type { GatewaySettings } from '../settings.ts';
import { readConsents } from '../use-cases/customer-consents.ts';
import {
  consentEvents,
  customerErasedEvent,
  customerMergedEvent,
  customerUpdatedEvents,
} from '../use-cases/customer-events.ts';
import { readProfile } from '../use-cases/customer-profile.ts';
import { type CountryCode, isPhoneRegion } from '../use-cases/normalise-phone.ts';
import { onlyFields, type ReadEvents, readDeed, readMergeTarget } from '../use-cases/read-deed.ts';
import { ConsentsBody, CustomerAnswer, CustomerBody, CustomerParams, MergeBody } from './customer-schemas.ts';
import { eventIdsOf, publishOnce } from './publish-once.ts';
import type { HttpReply, HttpRequest } from './request.ts';

type Context = ServiceContext<GatewaySettings>;

/** @throws AppError invalid when the setting names no region that has phone numbers */
const phoneRegionOf = ({ config }: Context): CountryCode => {
  const region = config.GATEWAY_PHONE_REGION;
  if (isPhoneRegion(region)) return region;
  throw new AppError(
    'invalid',
    'gateway.unknown_phone_region',
    `GATEWAY_PHONE_REGION = ${region} is no region with phone numbers`,
  );
};

const routeOptions = (context: Context, summary: string, body?: TSchema) => ({
  config: { scope: 'customers:write' as const },
  bodyLimit: context.config.GATEWAY_BODY_LIMIT_BYTES,
  // The schemas are for the OpenAPI page: use-cases check more than they say, and never echo a phone number.
  validatorCompiler: () => () => true,
  schema: {
    tags: ['customers'],
    summary,
    params: CustomerParams,
    ...(body ? { body } : {}),
    response: { 202: CustomerAnswer },
  },
});

/** Publishes the events of one request about one customer. */
const doDeed = (
  context: Context,
  request: HttpRequest,
  reply: HttpReply,
  readEvents: (customerId: string) => ReadEvents,
) => {
  const { customerId } = request.params as { customerId: string };
  return publishOnce(context, request, reply, () => {
    const deedContext = {
      now: context.clock.now(),
      futureToleranceMs: context.config.GATEWAY_FUTURE_TOLERANCE_MS,
      traceparent: request.traceparent,
      makeEventId: eventIdsOf(request),
    };
    const events = readDeed(customerId, request.body ?? {}, deedContext, readEvents(customerId));
    const eventIds = events.map(({ id }) => id);
    return { events, answer: { eventId: present(eventIds[0], 'an event id'), eventIds } };
  });
};

/** PUT and DELETE /v1/customers/:customerId, POST …/consents, POST …/merge. */
export const customerRoutes = (app: HttpApp, context: Context): void => {
  const phoneRegion = phoneRegionOf(context);
  const futureToleranceMs = context.config.GATEWAY_FUTURE_TOLERANCE_MS;
  const times = () => ({ now: context.clock.now(), futureToleranceMs });

  const put = routeOptions(context, 'Say all that is known of a customer, and their consents', CustomerBody);
  app.put('/v1/customers/:customerId', put, (request, reply) =>
    doDeed(context, request, reply, (customerId) => ({ consents: given, ...rest }, deed) => {
      const { profile, problems } = readProfile(customerId, rest, { phoneRegion, now: context.clock.now() });
      const consents = readConsents(customerId, given, times());
      return {
        events: customerUpdatedEvents(profile, consents.consents, deed),
        problems: [...problems, ...consents.problems],
      };
    }),
  );

  const consent = routeOptions(context, 'Record consents given or withdrawn, and nothing else', ConsentsBody);
  app.post('/v1/customers/:customerId/consents', consent, (request, reply) =>
    doDeed(context, request, reply, (customerId) => (rest, deed) => {
      const { consents, problems } = readConsents(customerId, rest.consents ?? [], times());
      if (consents.length === 0 && problems.length === 0)
        problems.push({ path: '/consents', message: 'must be a list of at least one consent' });
      return { events: consentEvents(consents, deed), problems: [...problems, ...onlyFields(rest, 'consents')] };
    }),
  );

  const merge = routeOptions(context, 'Two records are one customer: this one goes up in another', MergeBody);
  app.post('/v1/customers/:customerId/merge', merge, (request, reply) =>
    doDeed(context, request, reply, (customerId) => (rest, deed) => {
      const { target, problems } = readMergeTarget(customerId, rest.into);
      return {
        events: [customerMergedEvent(customerId, target, deed)],
        problems: [...problems, ...onlyFields(rest, 'into')],
      };
    }),
  );

  const erase = routeOptions(context, 'Forget a customer: anonymous ledger entries stay, all else goes');
  app.delete('/v1/customers/:customerId', erase, (request, reply) =>
    doDeed(context, request, reply, (customerId) => (rest, deed) => ({
      events: [customerErasedEvent(customerId, deed)],
      problems: onlyFields(rest),
    })),
  );
};
