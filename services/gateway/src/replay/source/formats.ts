import { readCdnow } from './cdnow.ts';
import { readOnlineRetail } from './online-retail.ts';
import type { SourceEvent } from './source-event.ts';
import type { Tally } from './tally.ts';
import { readVafa } from './vafa.ts';

/** Reads the blocks of a file as events and keeps the account of its lines. The same file always gives the same events. */
export type ReadFormat = (blocks: AsyncIterable<string>, tally: Tally) => AsyncGenerator<SourceEvent>;

export const FORMATS = {
  'online-retail': readOnlineRetail,
  cdnow: readCdnow,
  vafa: readVafa,
} as const satisfies Record<string, ReadFormat>;
export type FormatName = keyof typeof FORMATS;

export const isFormat = (name: string): name is FormatName => Object.hasOwn(FORMATS, name);
