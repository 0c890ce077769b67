import type { Tx } from '@vafa/bus';
import type { Channel } from '../domain/purposes.ts';
import { type DueMessage, keepContents, lockDue } from '../store/claims.ts';
import { findGrants } from '../store/consents.ts';
import { findSuppressions } from '../store/suppressions.ts';
import { findTemplates } from '../store/templates.ts';
import { type ClaimedMessage, type ClaimKnowledge, type ClaimOptions, stepOf } from './claim-step.ts';
import { loadPromotional } from './contact-knowledge.ts';
import { moveMessages } from './move-messages.ts';

/** Messages of a channel that go together: urgent ones never wait behind a campaign. */
export interface Lane {
  channel: Channel;
  urgent: boolean;
}

const load = async (
  tx: Tx,
  due: readonly DueMessage[],
  channel: Channel,
  now: Temporal.Instant,
): Promise<ClaimKnowledge> => {
  const customerIds = [...new Set(due.map(({ customerId }) => customerId))];
  const addresses = due.map(({ contact }) => ({ channel, address: channel === 'sms' ? contact.phone : contact.email }));
  const templates = await findTemplates(tx, channel, [...new Set(due.map(({ templateId }) => templateId))]);
  return {
    channel,
    templates: Map.groupBy(templates, ({ id }) => id),
    grants: await findGrants(tx, customerIds),
    isSuppressed: await findSuppressions(tx, addresses),
    promotional: await loadPromotional(tx, customerIds, now),
  };
};

/**
 * Claims a portion of a lane: decides again about each message, renders, and marks what is to be sent as `sending`. Commit
 * before the provider is called. `looked` counts the messages that were due, whatever became of them.
 */
export const claimMessages = async (
  tx: Tx,
  lane: Lane & { limit: number },
  options: ClaimOptions,
  now: Temporal.Instant,
): Promise<{ looked: number; claimed: ClaimedMessage[] }> => {
  const due = await lockDue(tx, lane, now);
  if (due.length === 0) return { looked: 0, claimed: [] };
  const known = await load(tx, due, lane.channel, now);
  const steps = due.map((message) => stepOf(message, known, options, now));
  const sends = steps.filter((step) => step.kind === 'send');
  await keepContents(
    tx,
    sends.map(({ content }) => content),
  );
  await moveMessages(
    tx,
    steps.map(({ move }) => move),
    now,
  );
  return { looked: due.length, claimed: sends.map(({ message }) => message) };
};
