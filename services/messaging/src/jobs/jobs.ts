import type { Job } from '@vafa/platform';
import { gateOf } from '../domain/channel-circuit.ts';
import { CHANNELS } from '../domain/purposes.ts';
import { type MessagingContext, type MessagingParts, partsOf } from '../parts.ts';
import { findChannel } from '../store/channels.ts';
import { measureChannels } from '../store/gauges.ts';
import { expireLeases } from '../use-cases/expire-leases.ts';
import { pollReceipts } from '../use-cases/poll-receipts.ts';
import { sendLane } from '../use-cases/send-lane.ts';
import { settleUnknownEmails, settleUnknownSms } from '../use-cases/settle-unknown.ts';

/** Keeps the gauges fresh for whoever scrapes. */
const measure = async ({ sql, clock }: MessagingContext, { metrics }: MessagingParts): Promise<number> => {
  const now = clock.now();
  for (const { channel, oldestDueSeconds, held } of await measureChannels(sql, CHANNELS, now)) {
    metrics.oldestDueSeconds.set({ channel }, oldestDueSeconds);
    metrics.held.set({ channel }, held);
    metrics.paused.set({ channel }, gateOf(await findChannel(sql, channel), now) === 'open' ? 0 : 1);
  }
  return 0;
};

/** What messaging does by the clock; any process may, for what is claimed is locked. */
export const jobs = (context: MessagingContext): Job[] => {
  const parts = partsOf(context);
  const { MESSAGING_SEND_POLL_MS: everyMs } = context.config;
  const job = (name: string, pauseMs: number, run: Job['run']): Job => ({
    name,
    everyMs: pauseMs,
    runsIn: 'any',
    run,
  });
  const lanes = CHANNELS.flatMap((channel) => [true, false].map((urgent) => ({ channel, urgent })));
  return [
    ...lanes.map((lane) =>
      job(`send-${lane.channel}-${lane.urgent ? 'urgent' : 'bulk'}`, everyMs, (signal) =>
        sendLane(context, parts, lane, signal),
      ),
    ),
    job('expire-leases', 1_000, () => expireLeases(context)),
    job('settle-unknown-sms', 1_000, () => settleUnknownSms(context, parts)),
    job('settle-unknown-emails', 1_000, () => settleUnknownEmails(context)),
    job('poll-receipts', 10_000, () => pollReceipts(context, parts)),
    job('measure-channels', 10_000, () => measure(context, parts)),
  ];
};
