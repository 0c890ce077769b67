import type { Aftermath, ServiceUrls } from '../options.ts';
import type { Ask } from './ask.ts';
import type { Rest } from './caught-up.ts';

/** Asks what came of the events: points, customers per state, messages by outcome. */
export const lookAround = async (ask: Ask, urls: ServiceUrls, rest: Rest): Promise<Aftermath> => {
  const [ledger, lifecycle, messages] = await Promise.all([
    ask(`${urls.ledger}/v1/ledger/totals`),
    ask(`${urls.segmentation}/v1/lifecycle/counts`),
    ask(`${urls.messaging}/v1/messages/counts`),
  ]);
  return {
    ...rest,
    ...(ledger ? { ledger } : {}),
    ...(lifecycle ? { lifecycle: (lifecycle.counts ?? lifecycle) as Record<string, number> } : {}),
    ...(messages ? { messages: byOutcome(messages) } : {}),
  };
};

interface Outcome {
  channel: string;
  state: string;
  reason: string | null;
  count: number;
}

/** Messages per channel, state and reason, whatever they were sent for. */
const byOutcome = ({ outcomes }: Record<string, unknown>): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { channel, state, reason, count } of (outcomes ?? []) as Outcome[]) {
    const name = `${channel} ${state}${reason ? ` (${reason})` : ''}`;
    counts[name] = (counts[name] ?? 0) + count;
  }
  return counts;
};
