import type { Aftermath, ServiceUrls } from '../options.ts';
import type { Call } from '../send/http-client.ts';
import type { Rest } from './caught-up.ts';

const OK = 200;

/** Asks what came of the events: points, customers per state, messages by outcome. */
export const lookAround = async (call: Call, urls: ServiceUrls, rest: Rest): Promise<Aftermath> => {
  const read = async (
    service: 'ledger' | 'segmentation' | 'messaging',
    path: string,
  ): Promise<Record<string, unknown> | undefined> => {
    if (rest.unreachable.includes(service)) return undefined;
    const { status, body } = await call('GET', `${urls[service]}${path}`);
    return status === OK ? (body as Record<string, unknown>) : undefined;
  };
  const [ledger, lifecycle, messages] = await Promise.all([
    read('ledger', '/v1/ledger/totals'),
    read('segmentation', '/v1/lifecycle/counts'),
    read('messaging', '/v1/messages/counts'),
  ]);
  return {
    ...rest,
    ...(ledger ? { ledger } : {}),
    ...(lifecycle ? { lifecycle: (lifecycle.counts ?? lifecycle) as Record<string, number> } : {}),
    ...(messages ? { messages: (messages.counts ?? messages) as Record<string, unknown> } : {}),
  };
};
