import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running server writes about itself into its data folder. */
interface PostmasterFile {
  pid: number;
  port: number;
  /** `starting`, `ready`, `stopping`, `standby`; empty while the file is being written. */
  status: string;
}

/** Lines: pid, data folder, start time, port, socket folder, address, shared memory, status. */
export const parsePostmasterFile = (text: string): PostmasterFile | undefined => {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), status: lines[7] ?? '' };
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
};

export const readPostmasterFile = async (dataDir: string): Promise<PostmasterFile | undefined> => {
  const text = await readIfThere(join(dataDir, 'postmaster.pid'));
  return text === undefined ? undefined : parsePostmasterFile(text);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

type Identity = 'server' | 'other' | 'gone' | 'unknown';

/**
 * Whose process is it? Its number alone proves little: it may have been given away again, or be the remains of a dead
 * server that nobody has reaped. A server works inside its data folder and names it on its command line.
 */
const identify = async (pid: number, dataDir: string): Promise<Identity> => {
  if (!isAlive(pid)) return 'gone';
  if (process.platform !== 'linux') return 'unknown';
  const home = await realpath(dataDir);
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === home ? 'server' : 'other';
  } catch {
    // A zombie; or in a container, where even root may not see this of another user's process.
  }
  try {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    if (commandLine === '') return 'gone';
    return commandLine.split('\0').includes(home) ? 'server' : 'other';
  } catch {
    return isAlive(pid) ? 'unknown' : 'gone'; // hidden from us, or just ended
  }
};

/** Is the process the live server of this folder? When nothing can be seen of it, it is taken for that. */
export const isServerOf = async (pid: number, dataDir: string): Promise<boolean> =>
  ['server', 'unknown'].includes(await identify(pid, dataDir));

/** The live server of a data folder, if there is one. */
export const findServer = async (dataDir: string): Promise<PostmasterFile | undefined> => {
  const file = await readPostmasterFile(dataDir);
  return file && (await isServerOf(file.pid, dataDir)) ? file : undefined;
};

/**
 * Takes away the file of a dead server whose process id now belongs to something else: PostgreSQL would believe that
 * one to be the server and refuse to start. Its shared memory still guards against children that outlived it.
 */
export const removeMisleadingFile = async (dataDir: string): Promise<void> => {
  const file = await readPostmasterFile(dataDir);
  if (!file || !isAlive(file.pid)) return;
  if (['other', 'gone'].includes(await identify(file.pid, dataDir))) {
    await rm(join(dataDir, 'postmaster.pid'), { force: true });
  }
};
