import { createBoundedMap } from '../bounded-map.ts';
import type { Delivery } from '../chaos/sms-behaviour.ts';
import type { SmsEncoding } from './segments.ts';
import type { MessageStatus } from './status-codes.ts';

/** An SMS that the fake Kavenegar accepted: sent as far as anyone can tell, and paid for. */
export interface SmsRecord {
  messageId: number;
  /** The sender's own id, decimal int64, when it gave one. */
  localId?: string;
  receptor: string;
  sender: string;
  text: string;
  encoding: SmsEncoding;
  parts: number;
  costRial: number;
  acceptedAtMs: number;
  /** Later than `acceptedAtMs` when the message was scheduled with `date`. */
  sendAtMs: number;
  delivery: Delivery;
  tag?: string;
}

export type SmsDraft = Omit<SmsRecord, 'messageId' | 'acceptedAtMs'>;

export interface Accepted {
  record: SmsRecord;
  /** The localid was known: this is the first record again, and nothing was sent. */
  repeated: boolean;
}

/** From this instant on the message has this status. */
export interface Stage {
  atMs: number;
  status: MessageStatus;
}

export interface MessageBook {
  /**
   * Accepts the messages of one call together.
   * @throws what `keep` throws; then none of them is accepted
   */
  accept(drafts: SmsDraft[], dedupe: boolean): Accepted[];
  /** Takes back a record of an earlier run, from the record file. */
  restore(record: SmsRecord): void;
  byMessageId(messageId: number): SmsRecord | undefined;
  /** The newest, when a provider without dedupe took the id more than once. */
  byLocalId(localId: string): SmsRecord | undefined;
  statusOf(record: SmsRecord): MessageStatus;
  /** When the message passes to which status, in order of time. */
  stagesOf(record: SmsRecord): Stage[];
  /** From now on the message has this status, whatever the clock says. */
  setStatus(messageId: number, status: MessageStatus): void;
  /** Oldest first. */
  records(): SmsRecord[];
  forgottenCount(): number;
}

const finalStatus: Record<Delivery, MessageStatus> = { delivered: 10, undelivered: 11, blocked: 14, failed: 6 };
const firstMessageId = 1_000_000_000;

/** Keeps what was accepted, by message id and by localid, and tells how far each message is: 1 → 4 → final. */
export const createMessageBook = (options: {
  now: () => number;
  limitCount: number;
  sentAfterMs: number;
  deliveredAfterMs: number;
  /** Makes accepted messages durable before they are acknowledged. */
  keep: (accepted: Accepted[]) => void;
}): MessageBook => {
  const { now, sentAfterMs, deliveredAfterMs, keep } = options;
  const byLocalId = new Map<string, SmsRecord>();
  const forced = new Map<number, MessageStatus>();
  const byMessageId = createBoundedMap<number, SmsRecord>({
    limitCount: options.limitCount,
    onForget: (record) => {
      forced.delete(record.messageId);
      if (record.localId !== undefined && byLocalId.get(record.localId) === record) byLocalId.delete(record.localId);
    },
  });
  let nextMessageId = firstMessageId;

  const restore = (record: SmsRecord) => {
    if (record.localId !== undefined) byLocalId.set(record.localId, record);
    byMessageId.set(record.messageId, record);
    nextMessageId = Math.max(nextMessageId, record.messageId + 1);
  };

  const stagesOf = ({ sendAtMs, delivery }: SmsRecord): Stage[] => [
    { atMs: sendAtMs, status: 1 },
    { atMs: sendAtMs + sentAfterMs, status: 4 },
    { atMs: sendAtMs + sentAfterMs + deliveredAfterMs, status: finalStatus[delivery] },
  ];

  return {
    accept: (drafts, dedupe) => {
      const fresh = new Map<string, SmsRecord>();
      let messageId = nextMessageId;
      const accepted = drafts.map((draft): Accepted => {
        const { localId } = draft;
        const known = localId === undefined ? undefined : (fresh.get(localId) ?? byLocalId.get(localId));
        if (dedupe && known) return { record: known, repeated: true };
        const record = { messageId, ...draft, acceptedAtMs: now() };
        messageId += 1;
        if (localId !== undefined) fresh.set(localId, record);
        return { record, repeated: false };
      });
      keep(accepted);
      for (const { record, repeated } of accepted) if (!repeated) restore(record);
      return accepted;
    },
    restore,
    byMessageId: byMessageId.get,
    byLocalId: (localId) => byLocalId.get(localId),
    statusOf: (record) => {
      const reached = stagesOf(record).findLast(({ atMs }) => atMs <= now());
      // Before its first stage a message is scheduled.
      return forced.get(record.messageId) ?? reached?.status ?? 2;
    },
    stagesOf,
    setStatus: (messageId, status) => {
      if (byMessageId.get(messageId)) forced.set(messageId, status);
    },
    records: () => [...byMessageId.values()],
    forgottenCount: byMessageId.forgottenCount,
  };
};
