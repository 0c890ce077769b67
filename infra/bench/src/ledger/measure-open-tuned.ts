import type { Sql } from '@vafa/bus';
import { settleDisk } from '../settle-disk.ts';
import { createFeed, forSeconds } from './feed-bus.ts';
import { endlessPurchases } from './feed-purchases.ts';
import { TUNED } from './measure-flat.ts';
import { OPEN_RATES, OPEN_SHARES } from './measure-path.ts';
import { OPEN_CONSUMER, OPEN_SECONDS, offerOpenLoad } from './offer-open-load.ts';
import { openLedger } from './open-ledger.ts';
import type { OpenLoadFigures } from './open-load.ts';

/** Segments of 16 MB, as many as `min_wal_size` keeps. */
const SEGMENTS = 256;
const WARM_UP_SECONDS = 3;

/**
 * Has the server write so much log as it keeps for later use. One that has run for some hours has done that; a new one makes
 * each segment at the moment at which a commit needs it, and 50 ms are gone.
 */
const ageServer = async (admin: Sql): Promise<void> => {
  for (let each = 0; each < SEGMENTS; each++) {
    await admin`select pg_logical_emit_message(false, 'bench', 'a segment is switched only when something is in it')`;
    await admin`select pg_switch_wal()`;
  }
  await admin`checkpoint`;
};

export interface TunedFigures {
  /** At the rates of the goals. */
  open: OpenLoadFigures[];
  /** At the same parts of what COPY wrote. */
  shares: (OpenLoadFigures & { share: number })[];
}

/** The open loads of the goals, and as large a part of what COPY wrote, in a book of its own on a server with the settings of `TUNED`. */
export const measureOpenTuned = async (
  dir: string,
  options: { customers: number; copyPerSecond: number; quick: boolean; say: (line: string) => void },
): Promise<TunedFigures> => {
  const { customers, copyPerSecond, quick, say } = options;
  const ledger = await openLedger(dir, OPEN_CONSUMER.concurrency + 2, TUNED);
  try {
    if (!quick) await ageServer(ledger.admin);
    const feed = createFeed(endlessPurchases(customers));
    await ledger.consume(feed, OPEN_CONSUMER);
    await feed.run(forSeconds(WARM_UP_SECONDS));
    const offer = async (perSecond: number): Promise<OpenLoadFigures> => {
      say(`open load of ${perSecond}/s, tuned server …`);
      // What one load left in the system's memory is written half a minute later, in the middle of another.
      await settleDisk(ledger.admin);
      return offerOpenLoad(ledger, { customers, perSecond, seconds: quick ? WARM_UP_SECONDS : OPEN_SECONDS });
    };
    const shares: TunedFigures['shares'] = [];
    for (const share of OPEN_SHARES) shares.push({ share, ...(await offer(Math.round(share * copyPerSecond))) });
    const open: OpenLoadFigures[] = [];
    for (const rate of OPEN_RATES) open.push(await offer(rate));
    return { open, shares };
  } finally {
    await ledger.stop();
  }
};
