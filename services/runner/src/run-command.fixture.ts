import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { variables } from './environment.ts';

/** How a command ended, and what it said. */
export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a program of this folder in a process of its own, as an operator would on this database. */
export const runCommand = (file: string, databaseUrl: string, args: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { ...variables, DATABASE_URL: databaseUrl };
    const path = fileURLToPath(new URL(file, import.meta.url));
    execFile(process.execPath, [path, ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
