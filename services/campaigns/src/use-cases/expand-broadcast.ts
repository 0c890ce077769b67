import type { Sql, Tx } from '@vafa/bus';
import { assert, type Clock, present, readTimeToLive } from '@vafa/kernel';
import type { Campaign, ScheduledTrigger } from '../domain/campaign.ts';
import { audiencePortion, countAudience } from '../store/audience.ts';
import { advanceBroadcast, type Broadcast, claimDueBroadcast } from '../store/broadcasts.ts';
import { findCampaign } from '../store/campaigns.ts';
import { addCounts } from '../store/counts.ts';
import { type Entry, entryKey, insertEntries } from '../store/entries.ts';
import { askForMessages } from './ask-for-messages.ts';

/** Counts of broadcasts are kept apart from those of the partitions. */
const BROADCAST_SHARD = -1;

/** The trigger of a scheduled campaign is its hour. */
const scheduledTriggerKey = (at: string): string => `at:${at}`;

/** Until when a scheduled campaign may still begin or go on. @throws when the stored time to live can't be read */
export const scheduledEnd = (campaign: Campaign, dueAt: Temporal.Instant): Temporal.Instant => {
  const length = readTimeToLive(campaign.timeToLive);
  assert('ms' in length, 'a stored time to live is readable');
  return dueAt.add({ milliseconds: length.ms });
};

/**
 * Takes the next portion of the broadcast that has been due longest: entries, requests and the cursor commit together,
 * so a process that dies leaves either the whole portion or nothing of it, and the next one goes on from the cursor.
 * Returns how many steps were done; 0 when nothing is due.
 */
export const expandBroadcast = (deps: { sql: Sql; clock: Clock }, portion: number): Promise<number> =>
  deps.sql.begin(async (tx) => {
    const now = deps.clock.now();
    const broadcast = await claimDueBroadcast(tx, now);
    if (!broadcast) return 0;
    const campaign = present(await findCampaign(tx, broadcast.campaignId), 'the campaign of a broadcast');
    const { trigger } = campaign;
    assert(trigger.kind === 'scheduled', 'a broadcast belongs to a scheduled campaign');
    const end = scheduledEnd(campaign, Temporal.Instant.from(broadcast.dueAt));
    if (Temporal.Instant.compare(now, end) > 0) return expire(tx, broadcast, trigger, now);

    const members = await audiencePortion(tx, trigger.audience.lifecycle, broadcast.cursor, portion);
    const last = members.at(-1)?.customerId ?? broadcast.cursor;
    const entries = members.map(({ customerId }) => toEntry(campaign, trigger, customerId, now));
    const fresh = await insertEntries(tx, entries);
    const status = members.length < portion ? 'done' : 'running';
    await advanceBroadcast(tx, campaign.id, { status, cursor: last, now });
    const counted = { campaignId: campaign.id, reason: '' };
    await addCounts(
      tx,
      [
        { ...counted, outcome: 'entered', by: fresh.size },
        { ...counted, outcome: 'requested', by: fresh.size * campaign.messages.length },
      ],
      BROADCAST_SHARD,
    );
    const asks = members
      .filter((_, at) => fresh.has(entryKey(entries[at] as Entry)))
      .map(({ customerId, lifecycle }) => ({
        campaign,
        customerId,
        triggerKey: scheduledTriggerKey(trigger.at),
        params: { customerId, lifecycle },
        expiresAt: end.toString(),
      }));
    await askForMessages(tx, asks, now);
    return Math.max(1, members.length);
  });

const toEntry = (campaign: Campaign, trigger: ScheduledTrigger, customerId: string, now: Temporal.Instant): Entry => ({
  campaignId: campaign.id,
  customerId,
  triggerKey: scheduledTriggerKey(trigger.at),
  status: 'requested',
  reason: null,
  once: false,
  campaignVersion: campaign.version,
  triggeredAt: trigger.at,
  decidedAt: now.toString(),
});

/** It was paused, or nothing ran, until after its time: those who were not reached are counted, and never will be. */
const expire = async (
  tx: Tx,
  broadcast: Broadcast,
  trigger: ScheduledTrigger,
  now: Temporal.Instant,
): Promise<number> => {
  const missed = await countAudience(tx, trigger.audience.lifecycle, broadcast.cursor);
  await advanceBroadcast(tx, broadcast.campaignId, { status: 'expired', cursor: broadcast.cursor, now });
  await addCounts(
    tx,
    [{ campaignId: broadcast.campaignId, outcome: 'expired', reason: '', by: missed }],
    BROADCAST_SHARD,
  );
  return 1;
};
