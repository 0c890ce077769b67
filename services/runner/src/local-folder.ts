import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where `npm start` keeps its things; `.vafa/` in the repository unless VAFA_HOME says otherwise. */
export const localFolder = (home: string | undefined): string => {
  const folder = home || fileURLToPath(new URL('../../../.vafa', import.meta.url));
  mkdirSync(folder, { recursive: true });
  return folder;
};

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** A secret kept in a file only its owner may read; made when missing. */
export const keptSecret = (folder: string, name: string): string => {
  const path = `${folder}/${name}`;
  const found = readIfThere(path);
  if (found) return found;
  const secret = randomBytes(32).toString('base64url');
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return secret;
};

/** Text kept between starts, or undefined. */
export const readKept = (folder: string, name: string): string | undefined => readIfThere(`${folder}/${name}`);
export const keep = (folder: string, name: string, text: string): void =>
  writeFileSync(`${folder}/${name}`, `${text}\n`, { mode: 0o600 });
