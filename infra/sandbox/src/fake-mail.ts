import { createBoundedMap } from './bounded-map.ts';
import { createMailScript, type MailChaos, type MailScript } from './chaos/mail-script.ts';
import type { SandboxLog } from './log.ts';
import type { MailRecord } from './mail/mail-record.ts';
import { createMailServer } from './mail/mail-server.ts';
import type { RecordLine } from './record-file.ts';

/** The handle of the fake SMTP server. */
export interface FakeMail {
  script: MailScript;
  /** Everything accepted, oldest first; beyond the limits the oldest are forgotten (the record file keeps all). */
  records(): MailRecord[];
  forgottenCount(): number;
}

const bytesOf = (mail: MailRecord): number => 1_000 + 2 * (mail.text.length + (mail.html?.length ?? 0));

/** Puts the fake SMTP server together; `server` is yet to listen. */
export const createFakeMail = (options: {
  chaos: MailChaos;
  recordLimit: number;
  recordLimitBytes: number;
  now: () => number;
  log: SandboxLog;
  /** Makes lines durable. @throws when it can't: then the message is not accepted */
  keep: (lines: RecordLine[]) => void;
  onAccepted: (record: MailRecord) => void;
}) => {
  const { now, log, keep } = options;
  const play = createMailScript(options.chaos);
  const records = createBoundedMap<number, MailRecord>({
    limitCount: options.recordLimit,
    limitBytes: options.recordLimitBytes,
    bytesOf,
  });
  let count = 0;
  const accept = (record: MailRecord) => {
    count = Math.max(count, record.number);
    records.set(record.number, record);
    options.onAccepted(record);
  };
  const server = createMailServer({
    play,
    now,
    nextNumber: () => ++count,
    onMail: (record) => {
      const { html: _html, ...kept } = record;
      keep([{ kind: 'mail', ...kept }]);
      accept(record);
    },
    onBehaviour: ({ kind }) => {
      try {
        keep([{ kind: 'behaviour', atMs: now(), channel: 'email', behaviour: kind }]);
      } catch (error) {
        // Only the line for the statistics is lost; a message that can't be kept is refused.
        log.error({ code: (error as { code?: unknown }).code }, 'a behaviour could not be recorded');
      }
    },
    log,
  });
  const mail: FakeMail = {
    script: play.script,
    records: () => [...records.values()],
    forgottenCount: records.forgottenCount,
  };
  return { mail, server, restore: accept };
};
