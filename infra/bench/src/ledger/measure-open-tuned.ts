import type { Sql } from '@vafa/bus';
import { createFeed, forSeconds } from './feed-bus.ts';
import { endlessPurchases } from './feed-purchases.ts';
import { TUNED } from './measure-flat.ts';
import { OPEN_RATES } from './measure-path.ts';
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

/** The open loads of the goals in a book of its own, on a server with the settings of `TUNED`. */
export const measureOpenTuned = async (
  dir: string,
  { customers, quick, say }: { customers: number; quick: boolean; say: (line: string) => void },
): Promise<OpenLoadFigures[]> => {
  const ledger = await openLedger(dir, OPEN_CONSUMER.concurrency + 2, TUNED);
  try {
    if (!quick) await ageServer(ledger.admin);
    const feed = createFeed(endlessPurchases(customers));
    await ledger.consume(feed, OPEN_CONSUMER);
    await feed.run(forSeconds(WARM_UP_SECONDS));
    const loads: OpenLoadFigures[] = [];
    for (const rate of OPEN_RATES) {
      say(`open load of ${rate}/s, tuned server …`);
      const seconds = quick ? WARM_UP_SECONDS : OPEN_SECONDS;
      loads.push(await offerOpenLoad(ledger, { customers, perSecond: rate, seconds }));
    }
    return loads;
  } finally {
    await ledger.stop();
  }
};
