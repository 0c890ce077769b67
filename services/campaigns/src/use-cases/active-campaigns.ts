import type { Tx } from '@vafa/bus';
import { type CampaignIndex, indexByEvent } from '../domain/decide.ts';
import { readRevision, triggeredCampaigns } from '../store/campaigns.ts';

/** The campaigns that events may set off, as they are committed now. */
export type ActiveCampaigns = (tx: Tx) => Promise<CampaignIndex>;

/**
 * Remembers the campaigns between batches. Each batch asks for one number, the revision, and reads the campaigns again
 * only when it changed: a pause works from the next batch on, in every process.
 */
export const createActiveCampaigns = (): ActiveCampaigns => {
  let known: { revision: number; index: CampaignIndex } | undefined;
  return async (tx) => {
    const revision = await readRevision(tx);
    if (known?.revision === revision) return known.index;
    // The revision is read first: should a change commit in between, the next batch reads once more, never once less.
    const index = indexByEvent(await triggeredCampaigns(tx));
    known = { revision, index };
    return index;
  };
};
