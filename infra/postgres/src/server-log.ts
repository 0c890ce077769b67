import { closeSync, openSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';

const ROTATE_BYTES = 16 * 1024 * 1024;
const READ_LIMIT_BYTES = 64 * 1024;

/** The server writes straight to this file, so that its words outlive our process. */
interface ServerLog {
  fd: number;
  /** Where the words of this start begin. */
  startBytes: number;
  close(): void;
}

const sizeOf = async (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 0;
      throw error;
    },
  );

/** Opens the log for adding to it; a log that has grown long is put aside first (one old one is kept). */
export const openServerLog = async (path: string): Promise<ServerLog> => {
  if ((await sizeOf(path)) > ROTATE_BYTES) await rename(path, `${path}.1`);
  const startBytes = await sizeOf(path);
  const fd = openSync(path, 'a', 0o600);
  return { fd, startBytes, close: () => closeSync(fd) };
};

/** What was written since `startBytes`, at most its last 64 KiB. */
export const readServerLog = async (path: string, startBytes: number): Promise<string> => {
  const size = await sizeOf(path);
  const from = Math.max(startBytes, size - READ_LIMIT_BYTES);
  const length = Math.max(0, size - from);
  if (length === 0) return '';
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
};
