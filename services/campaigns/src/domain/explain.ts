import type { Campaign } from './campaign.ts';
import type { EntryStatus } from './decide.ts';

/** What became of one message, one status of it. */
interface ToldOutcome {
  status: string;
  reason: string | null;
}

export interface Evidence {
  campaign: Campaign;
  /** Newest first. */
  entries: readonly { status: EntryStatus; reason: string | null }[];
  /** Of all the customer's messages of the campaign, oldest first. */
  outcomes: readonly ToldOutcome[];
  /** Triggers without a row of their own. */
  tallies: readonly { outcome: string; lastAt: string }[];
  /** The lifecycle state, if segmentation told of one. */
  lifecycle: string | undefined;
}

export interface Explanation {
  code: string;
  text: string;
}

/** Statuses from the one that says most of how a message fared to the one that says least. */
const TELLING = ['clicked', 'opened', 'delivered', 'failed', 'suppressed', 'sent'] as const;

/** Why a customer did or didn't get a campaign's message, in a word and a sentence. */
export const explain = ({ campaign, entries, outcomes, tallies, lifecycle }: Evidence): Explanation => {
  const [latest] = entries;
  if (entries.some(({ status }) => status === 'requested')) return fared(outcomes);
  if (latest?.status === 'skipped')
    return { code: 'skipped', text: `The trigger came while the campaign was ${latest.reason}.` };
  const past = tallies.find(({ outcome }) => outcome === 'expired');
  if (latest?.status === 'expired' || past) {
    const when = past && !latest ? `; the last was of ${past.lastAt}` : '';
    return {
      code: 'expired',
      text: `What would have triggered it was older than the time to live (${campaign.timeToLive})${when}.`,
    };
  }
  return neverTriggered(campaign, lifecycle);
};

const fared = (outcomes: readonly ToldOutcome[]): Explanation => {
  for (const status of TELLING) {
    const found = outcomes.findLast((outcome) => outcome.status === status);
    if (!found) continue;
    const why = found.reason ? `: ${found.reason}` : '';
    return { code: status, text: `A message was requested and ${status}${why}.` };
  }
  return { code: 'requested', text: 'A message was requested; nothing has been heard of it yet.' };
};

const neverTriggered = ({ status, trigger }: Campaign, lifecycle: string | undefined): Explanation => {
  if (status === 'draft') return { code: 'not_active', text: 'The campaign has not been activated.' };
  if (trigger.kind !== 'scheduled')
    return { code: 'not_triggered', text: 'No event of the customer matched the trigger while the campaign ran.' };
  const { at, audience } = trigger;
  if (lifecycle === undefined || !(audience.lifecycle as readonly string[]).includes(lifecycle))
    return {
      code: 'not_in_audience',
      text: `The lifecycle state is ${lifecycle ?? 'not known'}; the audience is ${audience.lifecycle.join(', ')}.`,
    };
  return {
    code: 'not_reached',
    text: `The customer is in the audience now, and was not when it was reached; or it is still to be reached (due ${at}).`,
  };
};
