import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '..', '..', '..');

/** Where the jars are kept: beside the data, so that deleting `.vafa` leaves nothing behind. */
export const DEFAULT_CACHE_DIR = join(repository, '.vafa', 'kafka');

/** Where `npm run kafka` keeps its data. */
export const DEFAULT_BROKER_DIR = join(DEFAULT_CACHE_DIR, 'broker');

export const POM_PATH = resolve(import.meta.dirname, '..', 'pom.xml');
