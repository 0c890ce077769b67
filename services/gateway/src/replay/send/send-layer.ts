import { ReplayError } from '../replay-error.ts';
import type { EventKind } from '../source/source-event.ts';
import type { Answer, Call } from './http-client.ts';
import type { Layer, PlannedEvent } from './window.ts';

/** An event that the gateway did not take, and its stable reason. */
export interface Refused {
  event: PlannedEvent;
  code: string;
}

/** Routes that take many at once; the others take one customer's at a time. */
const BATCH_ROUTES: Partial<Record<EventKind, string>> = {
  purchases: '/v1/purchases',
  refunds: '/v1/refunds',
  interactions: '/v1/interactions',
};

const SINGLE_ROUTES: Partial<Record<EventKind, { method: 'POST' | 'PUT' | 'DELETE'; path: string }>> = {
  customers: { method: 'PUT', path: '' },
  consents: { method: 'POST', path: '/consents' },
  merges: { method: 'POST', path: '/merge' },
  erasures: { method: 'DELETE', path: '' },
};

/** Sends one layer and returns when the bus has what the gateway accepted. @throws ReplayError when it can't go on */
export const sendLayer = async (call: Call, url: string, layer: Pick<Layer, 'kind' | 'events'>): Promise<Refused[]> => {
  const path = BATCH_ROUTES[layer.kind];
  return path ? sendBatch(call, `${url}${path}`, layer.events) : sendSingles(call, url, layer);
};

const sendBatch = async (call: Call, url: string, events: readonly PlannedEvent[]): Promise<Refused[]> => {
  const answer = await call('POST', url, `{"items":[${events.map(({ json }) => json).join(',')}]}`);
  if (answer.status === 413) return halve(call, url, events);
  const results = answer.body?.results;
  if ((answer.status !== 202 && answer.status !== 400) || !Array.isArray(results) || results.length !== events.length)
    throw unexpected(url, answer);
  return results.flatMap((result: { status?: string; error?: { code?: string } }, i) =>
    result.status === 'accepted' ? [] : [{ event: events[i] as PlannedEvent, code: result.error?.code ?? 'unknown' }],
  );
};

/** The gateway's limit is lower than we thought: in halves, in order, until each fits or stands alone. */
const halve = async (call: Call, url: string, events: readonly PlannedEvent[]): Promise<Refused[]> => {
  if (events.length === 1) return [{ event: events[0] as PlannedEvent, code: 'http.body_too_large' }];
  const middle = events.length >> 1;
  return [
    ...(await sendBatch(call, url, events.slice(0, middle))),
    ...(await sendBatch(call, url, events.slice(middle))),
  ];
};

const sendSingles = async (call: Call, url: string, layer: Pick<Layer, 'kind' | 'events'>): Promise<Refused[]> => {
  const route = SINGLE_ROUTES[layer.kind];
  if (!route) throw new ReplayError(`no route for ${layer.kind}`);
  const refused: Refused[] = [];
  for (const event of layer.events) {
    const answer = await call(
      route.method,
      `${url}/v1/customers/${encodeURIComponent(event.customerId)}${route.path}`,
      event.json,
    );
    if (answer.status === 202) continue;
    const code = answer.body?.code;
    if (answer.status < 400 || answer.status >= 500 || typeof code !== 'string') throw unexpected(url, answer);
    refused.push({ event, code });
  }
  return refused;
};

const unexpected = (url: string, { status, body }: Answer): ReplayError =>
  new ReplayError(`${url} answers ${status} ${body?.code ?? ''} ${body?.detail ?? ''}: is it a Vafa gateway?`);
