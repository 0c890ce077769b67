import { AppError } from '@vafa/kernel';
import type { HttpApp, Scope, ServiceContext } from '@vafa/platform';
import { Counter } from 'prom-client';
import type { GatewaySettings } from '../settings.ts';
import { acceptBatch } from '../use-cases/accept-batch.ts';
import type { AcceptContext } from '../use-cases/accept-item.ts';
import { acceptItem } from '../use-cases/accept-item.ts';
import { INTERACTION, type ItemKind, PURCHASE, REFUND } from '../use-cases/item-kinds.ts';
import { ItemsAnswer, itemBody, MAX_ITEMS } from './item-schemas.ts';
import { eventIdsOf, type Publication, publishOnce } from './publish-once.ts';
import type { HttpReply, HttpRequest } from './request.ts';

/** One item may list more problems than each of a thousand. */
const MAX_PROBLEMS_SINGLE = 20;
const MAX_PROBLEMS_IN_BATCH = 5;

interface ItemRoute {
  path: string;
  kind: ItemKind;
  scope: Scope;
  tag: string;
  summary: string;
  eventIdRule: string;
}

const ROUTES: readonly ItemRoute[] = [
  {
    path: '/v1/purchases',
    kind: PURCHASE,
    scope: 'purchases:write',
    tag: 'purchases',
    summary: 'Hand in purchases, one or up to 1,000',
    eventIdRule: 'Default: purchase:<orderId>; the same purchase handed in twice counts once',
  },
  {
    path: '/v1/refunds',
    kind: REFUND,
    scope: 'purchases:write',
    tag: 'purchases',
    summary: 'Hand in refunds, one or up to 1,000: whole, by amount or by line, with or without the order',
    eventIdRule: 'Default: refund:<refundId>; the same refund handed in twice counts once',
  },
  {
    path: '/v1/interactions',
    kind: INTERACTION,
    scope: 'interactions:write',
    tag: 'interactions',
    summary: 'Hand in what customers did other than buy, one or up to 1,000',
    eventIdRule:
      'Give one (or an Idempotency-Key) if you may send it again; else each time counts. Unique among all customers: of one id only the first counts',
  },
];

/** POST /v1/purchases, /v1/refunds, /v1/interactions. */
export const itemRoutes = (app: HttpApp, context: ServiceContext<GatewaySettings>): void => {
  const counter = new Counter({
    name: 'vafa_gateway_items_total',
    help: 'Items handed in, by kind and outcome',
    labelNames: ['kind', 'outcome'] as const,
    registers: [context.metrics],
  });
  for (const { path, kind, scope, tag, summary, eventIdRule } of ROUTES)
    app.post(
      path,
      {
        config: { scope },
        bodyLimit: context.config.GATEWAY_BODY_LIMIT_BYTES,
        // The body's schema is for the OpenAPI page: items are checked one by one, so that each gets its own answer.
        validatorCompiler: () => () => true,
        schema: {
          tags: [tag],
          summary,
          description: 'Answers when the bus has them: 202 with a result per item; 400 when none is accepted.',
          body: itemBody(kind.definition, kind.name, eventIdRule),
          response: { 202: ItemsAnswer },
        },
      },
      (request, reply) => handIn(request, reply, kind, context, counter),
    );
};

const handIn = (
  request: HttpRequest,
  reply: HttpReply,
  kind: ItemKind,
  context: ServiceContext<GatewaySettings>,
  counter: Counter<'kind' | 'outcome'>,
): Promise<object> => {
  const items = itemsOf(request.body);
  const accept: AcceptContext = {
    now: context.clock.now(),
    futureToleranceMs: context.config.GATEWAY_FUTURE_TOLERANCE_MS,
    traceparent: request.traceparent,
    makeEventId: eventIdsOf(request),
    maxProblems: items ? MAX_PROBLEMS_IN_BATCH : MAX_PROBLEMS_SINGLE,
  };
  const count = (outcome: string, by: number) => by > 0 && counter.inc({ kind: kind.name, outcome }, by);
  return publishOnce(context, request, reply, () => {
    const outcome = items ? batch(kind, items, accept) : single(kind, request.body, accept);
    count('accepted', outcome.accepted);
    count('rejected', outcome.rejected);
    if (outcome.refusal) throw outcome.refusal;
    return outcome.publication;
  });
};

/** The items of a batch, or undefined for an item sent by itself. @throws AppError invalid for no items or too many */
const itemsOf = (body: unknown): readonly unknown[] | undefined => {
  const given = Array.isArray(body) ? body : (body as { items?: unknown } | null)?.items;
  if (given === undefined) return undefined;
  if (!Array.isArray(given))
    throw new AppError('invalid', 'gateway.invalid_batch', 'items must be a list', {
      problems: [{ path: '/items', message: `must be a list of 1 to ${MAX_ITEMS} items` }],
    });
  if (given.length === 0) throw new AppError('invalid', 'gateway.empty_batch', 'the batch has no items');
  if (given.length > MAX_ITEMS)
    throw new AppError(
      'invalid',
      'gateway.too_many_items',
      `the batch has ${given.length} items; at most ${MAX_ITEMS} are allowed`,
      {
        maxItems: MAX_ITEMS,
      },
    );
  return given;
};

type Outcome = { accepted: number; rejected: number } & (
  | { publication: Publication; refusal?: undefined }
  | { refusal: AppError }
);

const single = (kind: ItemKind, body: unknown, accept: AcceptContext): Outcome => {
  const outcome = acceptItem(kind, body, 0, accept);
  if (outcome.ok)
    return {
      accepted: 1,
      rejected: 0,
      publication: { events: [outcome.event], answer: { eventId: outcome.event.id } },
    };
  const { code, message, problems } = outcome.error;
  return { accepted: 0, rejected: 1, refusal: new AppError('invalid', code, message, { problems }) };
};

const batch = (kind: ItemKind, items: readonly unknown[], accept: AcceptContext): Outcome => {
  const { results, events } = acceptBatch(kind, items, accept);
  const accepted = results.filter(({ status }) => status === 'accepted').length;
  const rejected = results.length - accepted;
  if (accepted > 0) return { accepted, rejected, publication: { events, answer: { accepted, rejected, results } } };
  const message = `none of the ${rejected} items is accepted; results says why`;
  return {
    accepted,
    rejected,
    refusal: new AppError('invalid', 'gateway.all_rejected', message, { accepted, rejected, results }),
  };
};
