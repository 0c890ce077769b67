import type { FastifyInstance } from 'fastify';
import type { SandboxChaos } from './chaos/sandbox-chaos.ts';
import type { SmsBehaviour } from './chaos/sms-behaviour.ts';
import { createSmsScript, type SmsScript } from './chaos/sms-script.ts';
import type { SandboxLog } from './log.ts';
import type { RecordLine } from './record-file.ts';
import { createAccount } from './sms/account.ts';
import { createCallbacks } from './sms/callbacks.ts';
import { createMessageBook, type SmsRecord } from './sms/message-book.ts';
import { createSmsServer } from './sms/sms-server.ts';
import type { MessageStatus } from './sms/status-codes.ts';

/** The handle of the fake Kavenegar. */
export interface FakeSms {
  script: SmsScript;
  /** Everything accepted, oldest first; beyond the record limit the oldest are forgotten (the record file keeps all). */
  records(): SmsRecord[];
  forgottenCount(): number;
  /** How far a message is; 100 when it is not known. */
  statusOf(messageId: number): MessageStatus;
  /** Sets a message's status by hand and reports it to the callback URL. */
  setStatus(messageId: number, status: MessageStatus): void;
  setCreditRial(creditRial: number): void;
  /** Whether a repeated localid gives the first message back (as Kavenegar does) or is sent again. */
  setDedupe(dedupe: boolean): void;
  /** Where status callbacks are posted from now on; undefined: nowhere. */
  setCallbackUrl(url: string | undefined): void;
}

export interface FakeSmsOptions {
  apiKey: string;
  defaultSender: string;
  creditRial: number;
  dedupe: boolean;
  chaos: SandboxChaos;
  callbackUrl: string | undefined;
  sentAfterMs: number;
  deliveredAfterMs: number;
  recordLimit: number;
  now: () => number;
  log: SandboxLog;
  /** Makes lines durable. @throws when it can't: then the message is not accepted */
  keep: (lines: RecordLine[]) => void;
  onAccepted: (record: SmsRecord) => void;
}

/** Puts the fake Kavenegar together; `server` is yet to listen. */
export const createFakeSms = async (options: FakeSmsOptions) => {
  const { now, log, keep, sentAfterMs, deliveredAfterMs, apiKey, defaultSender } = options;
  const play = createSmsScript(options.chaos);
  let dedupe = options.dedupe;
  const book = createMessageBook({
    now,
    limitCount: options.recordLimit,
    sentAfterMs,
    deliveredAfterMs,
    keep: (accepted) =>
      keep(
        accepted.map(
          ({ record, repeated }): RecordLine =>
            repeated
              ? { kind: 'sms.repeated', atMs: now(), localId: record.localId ?? '', messageId: record.messageId }
              : { kind: 'sms', ...record },
        ),
      ),
  });
  const account = createAccount({ creditRial: options.creditRial, defaultSender, now });
  const url = options.callbackUrl;
  const callbacks = createCallbacks({ book, now, url, log });
  const onBehaviour = ({ kind }: SmsBehaviour) =>
    keep([{ kind: 'behaviour', atMs: now(), channel: 'sms', behaviour: kind }]);
  const onAccepted = (record: SmsRecord) => {
    callbacks.follow(record);
    options.onAccepted(record);
  };
  const server: FastifyInstance = await createSmsServer({
    ...{ apiKey, defaultSender, now, play, book, account, onAccepted, onBehaviour, log },
    dedupe: () => dedupe,
  });

  const sms: FakeSms = {
    script: play.script,
    records: book.records,
    forgottenCount: book.forgottenCount,
    statusOf: (messageId) => {
      const record = book.byMessageId(messageId);
      return record === undefined ? 100 : book.statusOf(record);
    },
    setStatus: (messageId, status) => {
      const record = book.byMessageId(messageId);
      if (record === undefined) throw new RangeError(`no message ${messageId}`);
      book.setStatus(messageId, status);
      callbacks.report(record);
    },
    setCreditRial: account.setCreditRial,
    setDedupe: (next) => {
      dedupe = next;
    },
    setCallbackUrl: callbacks.setUrl,
  };
  const restore = (record: SmsRecord) => {
    book.restore(record);
    onAccepted(record);
  };
  const stop = async () => {
    await server.close();
    await callbacks.stop();
  };
  return { sms, server, restore, stop };
};
