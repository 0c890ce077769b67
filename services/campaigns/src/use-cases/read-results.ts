import type { Queryable } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { Campaign } from '../domain/campaign.ts';
import { type Explanation, explain } from '../domain/explain.ts';
import { findAudienceMember } from '../store/audience.ts';
import { findCampaign } from '../store/campaigns.ts';
import { readCounts } from '../store/counts.ts';
import { type Entry, listEntries } from '../store/entries.ts';
import { listOutcomes, type MessageOutcome } from '../store/message-outcomes.ts';
import { listTallies } from '../store/tallies.ts';

export interface Results {
  /** Triggers that led to requests. */
  entered: number;
  /** Messages asked for: one per channel of each entry. */
  requested: number;
  sent: number;
  delivered: number;
  failed: number;
  opened: number;
  clicked: number;
  unsubscribed: number;
  suppressed: Record<string, number>;
  skipped: Record<string, number>;
  expired: number;
}

export interface CustomerStory {
  campaignId: string;
  customerId: string;
  lifecycle: string | null;
  explanation: Explanation;
  /** Triggers that have no entry of their own. */
  tallies: Awaited<ReturnType<typeof listTallies>>;
  entries: (Omit<Entry, 'campaignId' | 'customerId' | 'once'> & {
    messages: Omit<MessageOutcome, 'campaignId' | 'customerId' | 'triggerKey'>[];
  })[];
}

/** Most entries, and most outcomes, shown of one customer. */
const MAX_SHOWN = 100;

/** @throws campaigns.not_found */
export const getCampaign = async (sql: Queryable, id: string): Promise<Campaign> => {
  const campaign = await findCampaign(sql, id);
  if (!campaign) throw new AppError('not_found', 'campaigns.not_found', `there is no campaign ${id}`);
  return campaign;
};

/** The maintained counts of a campaign. @throws campaigns.not_found */
export const readResults = async (sql: Queryable, id: string): Promise<Results> => {
  await getCampaign(sql, id);
  const counts = await readCounts(sql, id);
  const total = (outcome: string): number =>
    counts.filter((row) => row.outcome === outcome).reduce((sum, { count }) => sum + count, 0);
  const byReason = (outcome: string): Record<string, number> =>
    Object.fromEntries(counts.filter((row) => row.outcome === outcome).map(({ reason, count }) => [reason, count]));
  return {
    entered: total('entered'),
    requested: total('requested'),
    sent: total('sent'),
    delivered: total('delivered'),
    failed: total('failed'),
    opened: total('opened'),
    clicked: total('clicked'),
    unsubscribed: total('unsubscribed'),
    suppressed: byReason('suppressed'),
    skipped: byReason('skipped'),
    expired: total('expired'),
  };
};

/** Why a customer did or didn't get this. @throws campaigns.not_found for the campaign; any customer id has a story */
export const readStory = async (sql: Queryable, id: string, customerId: string): Promise<CustomerStory> => {
  const campaign = await getCampaign(sql, id);
  const [entries, outcomes, tallies, member] = [
    await listEntries(sql, id, customerId, MAX_SHOWN),
    await listOutcomes(sql, id, customerId, MAX_SHOWN),
    await listTallies(sql, id, customerId),
    await findAudienceMember(sql, customerId),
  ];
  return {
    campaignId: id,
    customerId,
    lifecycle: member?.lifecycle ?? null,
    tallies,
    explanation: explain({ campaign, entries, outcomes, tallies, lifecycle: member?.lifecycle }),
    entries: entries.map(({ campaignId: _campaign, customerId: _customer, once: _once, ...entry }) => ({
      ...entry,
      messages: outcomes
        .filter(({ triggerKey }) => triggerKey === entry.triggerKey)
        .map(({ campaignId: _id, customerId: _whose, triggerKey: _trigger, ...message }) => message),
    })),
  };
};
