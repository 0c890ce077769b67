import { createMailScript } from './chaos/mail-script.ts';
import type { SandboxChaos } from './chaos/sandbox-chaos.ts';
import { createSmsScript } from './chaos/sms-script.ts';
import { createFakeMail, type FakeMail } from './fake-mail.ts';
import { createFakeSms, type FakeSms } from './fake-sms.ts';
import { createInbox, type Inbox } from './inbox/inbox.ts';
import { createInboxServer } from './inbox/inbox-server.ts';
import { type SandboxLog, stderrLog } from './log.ts';
import { openRecordFile, type RecordFile, type RecordLine, readRecordFile } from './record-file.ts';

/** All have defaults; a port of 0 (the default) takes a free one. */
export interface SandboxOptions {
  /** 127.0.0.1 unless given. */
  host?: string;
  /** Of the inbox page alone, where it should be reached from elsewhere; `host` unless given. */
  inboxHost?: string;
  smsPort?: number;
  smtpPort?: number;
  inboxPort?: number;
  /** The key that the fake Kavenegar accepts; `sandbox` unless given. */
  apiKey?: string;
  /** Every accepted message is appended here (NDJSON) before it is acknowledged; what it holds already is taken up. */
  recordFile?: string;
  chaos?: SandboxChaos;
  /** false: a provider that sends a repeated localid again. Over `chaos.dedupe`; true unless given. */
  dedupeByLocalId?: boolean;
  /** Where status callbacks are posted. */
  callbackUrl?: string;
  /** Messages the inbox keeps, 5,000 unless given. */
  inboxLimit?: number;
  /** Records that `records()` keeps per channel, 100,000 unless given. */
  recordLimit?: number;
  /** 1 → 4 after this, 300 ms unless given. */
  sentAfterMs?: number;
  /** 4 → 10 after this again, 1,200 ms unless given. */
  deliveredAfterMs?: number;
  creditRial?: number;
  /** The clock of records, statuses and look-up windows, in ms since 1970. The timers of callbacks run by the real one. */
  now?: () => number;
  log?: SandboxLog;
}

/** A running sandbox. */
export interface Sandbox {
  /** Base address of the fake Kavenegar, without a slash at the end. */
  smsUrl: string;
  smtpUrl: string;
  inboxUrl: string;
  apiKey: string;
  sms: FakeSms;
  mail: FakeMail;
  inbox: Inbox;
  /** Replaces the random chaos of both channels; a `dedupe` that is left out stays as it is. */
  setChaos(chaos: SandboxChaos): void;
  /** Closes all servers and connections, hanging ones too. A second call waits for the first. */
  stop(): Promise<void>;
}

// About 64 MiB of texts for the inbox and as much for the records; they share the strings.
const memoryLimitBytes = 67_108_864;

/** Inert without a file. */
const openRecords = (path: string | undefined): RecordFile =>
  path === undefined ? { append: () => undefined, close: () => undefined } : openRecordFile(path);

const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Puts the three servers together; none listens yet. */
const assemble = async (options: SandboxOptions, records: RecordFile) => {
  const { host = '127.0.0.1', chaos = {}, now = Date.now, log = stderrLog } = options;
  const { inboxLimit = 5_000, recordLimit = 100_000 } = options;
  const keep = (lines: RecordLine[]) => records.append(lines);
  const inbox = createInbox({ limitCount: inboxLimit, limitBytes: memoryLimitBytes });
  const fakeSms = await createFakeSms({
    apiKey: options.apiKey ?? 'sandbox',
    defaultSender: '10000000',
    creditRial: options.creditRial ?? 1_000_000_000_000,
    dedupe: options.dedupeByLocalId ?? chaos.dedupe ?? true,
    callbackUrl: options.callbackUrl,
    sentAfterMs: options.sentAfterMs ?? 300,
    deliveredAfterMs: options.deliveredAfterMs ?? 1_200,
    onAccepted: inbox.addSms,
    ...{ chaos, recordLimit, now, log, keep },
  });
  const fakeMail = createFakeMail({
    ...{ recordLimit, now, log, keep },
    chaos: chaos.mail ?? {},
    recordLimitBytes: memoryLimitBytes,
    onAccepted: inbox.addMail,
  });
  const { sms } = fakeSms;
  const { mail } = fakeMail;
  const setChaos = (next: SandboxChaos) => {
    // Tried for wrong rates before either takes effect: half a chaos would be a riddle.
    createSmsScript(next);
    createMailScript(next.mail);
    sms.script.random(next);
    mail.script.random(next.mail ?? {});
    if (next.dedupe !== undefined) sms.setDedupe(next.dedupe);
  };
  const inboxServer = createInboxServer({
    ...{ inbox, host: options.inboxHost ?? host, setChaos, now, log },
    limitCount: inboxLimit,
    statusOf: sms.statusOf,
    chaosCounts: () => ({ sms: sms.script.counts(), mail: mail.script.counts() }),
  });
  return { host, inbox, fakeSms, fakeMail, setChaos, inboxServer };
};

/**
 * Starts a fake Kavenegar, a fake SMTP server and the inbox page over both. Nothing leaves this machine.
 * @throws EADDRINUSE … when a port can't be had, or the file system's error of the record file; nothing is left running
 */
export const startSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  const records = openRecords(options.recordFile);
  const { host, inbox, fakeSms, fakeMail, setChaos, inboxServer } = await assemble(options, records);
  const close = async () => {
    await Promise.all([fakeSms.stop(), fakeMail.server.stop(), inboxServer.close()]);
    records.close();
  };
  let closing: Promise<void> | undefined;
  const stop = () => {
    closing ??= close();
    return closing;
  };
  try {
    for await (const line of options.recordFile === undefined ? [] : readRecordFile(options.recordFile)) {
      if (line.kind === 'sms') fakeSms.restore(line);
      if (line.kind === 'mail') fakeMail.restore(line);
    }
    const smsUrl = await fakeSms.server.listen({ host, port: options.smsPort ?? 0 });
    const smtpPort = await fakeMail.server.listen(options.smtpPort ?? 0, host);
    const inboxUrl = await inboxServer.listen({ host: options.inboxHost ?? host, port: options.inboxPort ?? 0 });
    return {
      smsUrl,
      smtpUrl: `smtp://${inUrl(host)}:${smtpPort}`,
      inboxUrl,
      apiKey: options.apiKey ?? 'sandbox',
      sms: fakeSms.sms,
      mail: fakeMail.mail,
      ...{ inbox, setChaos, stop },
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
