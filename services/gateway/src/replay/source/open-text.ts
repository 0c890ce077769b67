import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ReplayError } from '../replay-error.ts';

/** A line longer than this is no line of a file we know. */
const MAX_LINE_BYTES = 4 * 1_048_576;
const NEWLINE = 0x0a;

export interface TextFile {
  /** Bytes on disk. */
  totalBytes: number;
  /** Bytes taken off the disk so far. */
  readBytes: () => number;
  /** The text, in blocks of whole lines. */
  blocks: () => AsyncGenerator<string>;
}

/** @throws ReplayError when the file is not there or can't be read */
export const openText = async (path: string): Promise<TextFile> => {
  const totalBytes = await sizeOf(path);
  const zipped = await isGzip(path);
  let readBytes = 0;
  return {
    totalBytes,
    readBytes: () => readBytes,
    blocks: async function* () {
      const file = createReadStream(path, { highWaterMark: 256 * 1024 });
      file.on('data', (chunk) => {
        readBytes += chunk.length;
      });
      const bytes = zipped ? unzip(file) : file;
      try {
        yield* decodeLines(bytes);
      } catch (error) {
        throw damaged(path, error);
      } finally {
        file.destroy();
        bytes.destroy();
      }
    },
  };
};

/** A pipe does not hand on errors: one of the file must reach whoever reads the unzipped end. */
const unzip = (file: Readable): Readable => {
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
};

const sizeOf = async (path: string): Promise<number> => {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new ReplayError(`${path} is no file`);
    return stats.size;
  } catch (error) {
    if (error instanceof ReplayError) throw error;
    throw new ReplayError(
      `can't read ${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error)}`,
      error,
    );
  }
};

const isGzip = async (path: string): Promise<boolean> => {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
};

const damaged = (path: string, error: unknown): unknown => {
  const { code } = error as NodeJS.ErrnoException;
  const zip = code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR';
  return zip
    ? new ReplayError(`${path} is damaged: it ends or breaks in the middle of the compressed data`, error)
    : error;
};

/**
 * Bytes as text, cut at line ends so that no character is torn. Old exports are Windows-1252: a block that is no UTF-8 is
 * read as that.
 */
export async function* decodeLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let carried: Buffer[] = [];
  let carriedBytes = 0;
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      carried.push(chunk);
      carriedBytes += chunk.length;
      if (carriedBytes > MAX_LINE_BYTES) throw new ReplayError(`a line is longer than ${MAX_LINE_BYTES} bytes`);
      continue;
    }
    yield decode(Buffer.concat([...carried, chunk.subarray(0, end)]));
    carried = end < chunk.length ? [chunk.subarray(end)] : [];
    carriedBytes = chunk.length - end;
  }
  if (carriedBytes > 0) yield decode(Buffer.concat(carried));
}

const windows1252 = new TextDecoder('windows-1252');
const decode = (block: Buffer): string => (isUtf8(block) ? block.toString('utf8') : windows1252.decode(block));
