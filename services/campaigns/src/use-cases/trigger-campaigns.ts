import type { Tx } from '@vafa/bus';
import { resolveCustomers } from '@vafa/platform';
import {
  type CampaignIndex,
  type Decision,
  decide,
  type Occurrence,
  type TriggeredCampaign,
} from '../domain/decide.ts';
import { paramsOf } from '../domain/message-request.ts';
import { addCounts, type CountStep } from '../store/counts.ts';
import { type Entry, entryKey, existingEntries, insertEntries } from '../store/entries.ts';
import { type Ask, askForMessages } from './ask-for-messages.ts';
import { type Tallied, tallyTriggers } from './tally-triggers.ts';

export interface TracedOccurrence extends Occurrence {
  traceparent?: string | undefined;
}

export interface TriggerOptions {
  now: Temporal.Instant;
  /** How long after its time to live a trigger still gets a row of its own. */
  keepExpiredMs: number;
  /** Where counts are kept: the partition of the batch. */
  shard: number;
}

interface Decided {
  campaign: TriggeredCampaign;
  occurrence: TracedOccurrence;
  decision: Decision;
}

/** Sets off the campaigns that match the occurrences of one batch; each trigger at most once, for ever. */
export const triggerCampaigns = async (
  tx: Tx,
  index: CampaignIndex,
  occurrences: readonly TracedOccurrence[],
  options: TriggerOptions,
): Promise<void> => {
  const matching = decideAll(index, occurrences, options);
  if (matching.length === 0) return;
  const resolve = await resolveCustomers(
    tx,
    matching.map(({ occurrence }) => occurrence.customerId),
  );
  const decided = matching.flatMap(({ campaign, occurrence, decision }) => {
    const customerId = resolve(occurrence.customerId, occurrence.atMs);
    return customerId === undefined ? [] : [{ campaign, occurrence: { ...occurrence, customerId }, decision }];
  });
  await record(tx, withoutRepeats(decided), options);
};

const decideAll = (
  index: CampaignIndex,
  occurrences: readonly TracedOccurrence[],
  options: TriggerOptions,
): Decided[] =>
  occurrences.flatMap((occurrence) =>
    (index.get(occurrence.type) ?? []).flatMap((campaign) => {
      const decision = decide(campaign, occurrence, options.now.epochMilliseconds, options.keepExpiredMs);
      return decision ? [{ campaign, occurrence, decision }] : [];
    }),
  );

const keyOf = ({ campaign, occurrence }: Decided): string =>
  entryKey({ campaignId: campaign.id, customerId: occurrence.customerId, triggerKey: occurrence.triggerKey });

/** The same event may stand twice in one batch. */
const withoutRepeats = (decided: readonly Decided[]): Decided[] => {
  const first = new Map<string, Decided>();
  for (const each of decided) if (!first.has(keyOf(each))) first.set(keyOf(each), each);
  return [...first.values()];
};

const toEntry = ({ campaign, occurrence, decision }: Decided, now: Temporal.Instant): Entry => ({
  campaignId: campaign.id,
  customerId: occurrence.customerId,
  triggerKey: occurrence.triggerKey,
  status: decision.status,
  reason: decision.status === 'requested' ? null : decision.reason,
  once: campaign.frequency === 'once_per_customer',
  campaignVersion: campaign.version,
  triggeredAt: instantOf(occurrence.atMs),
  decidedAt: now.toString(),
});

const instantOf = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toString();

const toAsk = ({ campaign, occurrence }: Decided): Ask => ({
  campaign,
  customerId: occurrence.customerId,
  triggerKey: occurrence.triggerKey,
  params: paramsOf(occurrence.customerId, occurrence.data),
  expiresAt: instantOf(occurrence.atMs + campaign.timeToLiveMs),
  traceparent: occurrence.traceparent,
});

const record = async (tx: Tx, decided: readonly Decided[], { now, shard }: TriggerOptions): Promise<void> => {
  const [kept, history] = [decided.filter(isKept), decided.filter((each) => !isKept(each))];
  const fresh = await insertEntries(
    tx,
    kept.map((each) => toEntry(each, now)),
  );
  const taken = kept.filter((each) => fresh.has(keyOf(each)));
  const again = await enteredBefore(
    tx,
    kept.filter((each) => !fresh.has(keyOf(each))),
  );
  const tallied = await tallyTriggers(tx, [
    ...history.map((each) => toTallied(each, 'expired', 'too_old')),
    ...again.map((each) => toTallied(each, 'skipped', 'once_per_customer')),
  ]);
  await addCounts(tx, [...taken.flatMap(countsOf), ...tallied], shard);
  await askForMessages(tx, taken.filter(({ decision }) => decision.status === 'requested').map(toAsk), now);
};

const toTallied = ({ campaign, occurrence }: Decided, outcome: Tallied['outcome'], reason: string): Tallied => ({
  campaignId: campaign.id,
  customerId: occurrence.customerId,
  outcome,
  reason,
  atMs: occurrence.atMs,
  triggerKey: occurrence.triggerKey,
});

const isKept = ({ decision }: Decided): boolean => decision.status !== 'expired' || decision.keep;

/** Of those whose entry was refused: the ones that are no duplicates, but further triggers of a once-only campaign. */
const enteredBefore = async (tx: Tx, refused: readonly Decided[]): Promise<Decided[]> => {
  const once = refused.filter(
    ({ campaign, decision }) => campaign.frequency === 'once_per_customer' && decision.status === 'requested',
  );
  const duplicates = await existingEntries(
    tx,
    once.map(({ campaign, occurrence }) => ({
      campaignId: campaign.id,
      customerId: occurrence.customerId,
      triggerKey: occurrence.triggerKey,
    })),
  );
  return once.filter((each) => !duplicates.has(keyOf(each)));
};

const countsOf = ({ campaign, decision }: Decided): CountStep[] => {
  const campaignId = campaign.id;
  if (decision.status === 'requested')
    return [
      { campaignId, outcome: 'entered', reason: '', by: 1 },
      { campaignId, outcome: 'requested', reason: '', by: campaign.messages.length },
    ];
  return [{ campaignId, outcome: decision.status, reason: decision.reason, by: 1 }];
};
