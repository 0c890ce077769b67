import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import type { MailRecord } from './mail/mail-record.ts';
import type { SmsRecord } from './sms/message-book.ts';

/** One line of the record file (NDJSON). */
export type RecordLine =
  /** An SMS was accepted (and paid for). */
  | ({ kind: 'sms' } & SmsRecord)
  /** A localid came again and its first message was given back: nothing was sent. */
  | { kind: 'sms.repeated'; atMs: number; localId: string; messageId: number }
  /** An e-mail was accepted. Its HTML is left out: it is long, and no proof needs it. */
  | ({ kind: 'mail' } & Omit<MailRecord, 'html'>)
  /** A call or a recipient was not treated in the ordinary way. */
  | { kind: 'behaviour'; atMs: number; channel: 'sms' | 'email'; behaviour: string };

/** Append-only; a line is with the operating system before `append` returns, so it survives a kill -9 of this process. */
export interface RecordFile {
  /** @throws the file system's error (a full disk …); then nothing of these lines stays in the file */
  append(lines: RecordLine[]): void;
  close(): void;
}

const newline = 0x0a;

/** Where the last whole line ends: a write cut short by a full disk or a crash leaves half a line behind it. */
const endOfWholeLines = (fd: number): number => {
  const chunk = Buffer.alloc(65_536);
  let end = fstatSync(fd).size;
  while (end > 0) {
    const start = Math.max(0, end - chunk.length);
    const read = readSync(fd, chunk, 0, end - start, start);
    const last = chunk.subarray(0, read).lastIndexOf(newline);
    if (last >= 0) return start + last + 1;
    end = start;
  }
  return 0;
};

/** Opens or creates the file; half a line at its end is cut off. */
export const openRecordFile = (path: string): RecordFile => {
  const fd = openSync(path, existsSync(path) ? 'r+' : 'wx+');
  let end = endOfWholeLines(fd);
  ftruncateSync(fd, end);
  return {
    append: (lines) => {
      const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      try {
        let written = 0;
        while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, end + written);
      } catch (error) {
        // Half a line in the middle of the file would make all that follows unreadable.
        ftruncateSync(fd, end);
        throw error;
      }
      end += bytes.length;
    },
    close: () => closeSync(fd),
  };
};

/**
 * Reads a record file, oldest line first, line by line (it may be larger than memory); none if there is no file.
 * Half a line at the end (the writer was killed in the middle) is left out: that message was never acknowledged.
 * @throws SyntaxError when another line is no JSON
 */
export async function* readRecordFile(path: string): AsyncGenerator<RecordLine> {
  if (!existsSync(path)) return;
  let pending: string | undefined;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (pending !== undefined) yield JSON.parse(pending) as RecordLine;
    pending = line;
  }
  if (pending === undefined) return;
  const fd = openSync(path, 'r');
  try {
    const last = Buffer.alloc(1);
    readSync(fd, last, 0, 1, fstatSync(fd).size - 1);
    if (last[0] === newline) yield JSON.parse(pending) as RecordLine;
  } finally {
    closeSync(fd);
  }
}
