import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface SandboxProcess {
  smsUrl: string;
  smtpUrl: string;
  inboxUrl: string;
  apiKey: string;
  pid: number;
  stop(): Promise<void>;
}

interface Ready {
  ready: boolean;
  smsUrl: string;
  smtpUrl: string;
  inboxUrl: string;
  apiKey: string;
}

/** Runs the providers' stand-ins in a process of their own: what they accepted is told by their record file alone. */
export const startSandboxProcess = async (options: {
  recordFile: string;
  chaos?: object;
  callbackUrl?: string;
  /** Where its log goes: it tells of every callback that a killed service did not take. */
  logFile: string;
}): Promise<SandboxProcess> => {
  const main = fileURLToPath(new URL('../../sandbox/src/main.ts', import.meta.url));
  const args = ['--record', options.recordFile];
  if (options.chaos) args.push('--chaos', JSON.stringify(options.chaos));
  if (options.callbackUrl) args.push('--callback-url', options.callbackUrl);
  const logFile = openSync(options.logFile, 'a');
  const child: ChildProcess = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', logFile] });
  closeSync(logFile);
  const gone = new Promise<never>((_, reject) =>
    child.once('exit', (code) => reject(new Error(`the sandbox ended with code ${code}`))),
  );
  gone.catch(() => undefined);
  const firstLine = new Promise<string>((resolve) => {
    if (child.stdout) createInterface({ input: child.stdout }).once('line', resolve);
  });
  const ready = JSON.parse(await Promise.race([firstLine, gone])) as Ready;
  return {
    ...ready,
    pid: child.pid as number,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
};
