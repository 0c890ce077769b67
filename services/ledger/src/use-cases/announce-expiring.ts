import { emit, type Tx } from '@vafa/bus';
import { event, PointsExpiringSoon } from '@vafa/contracts';
import { idFrom } from '@vafa/kernel';
import type { Account } from '../domain/account.ts';
import { accountOf, addAccounts, addLots, createBook, touchLot } from '../domain/book.ts';
import { isPastExpiry } from '../domain/lot.ts';
import { isNobody } from '../domain/plan.ts';
import { openLots } from '../domain/spend.ts';
import { claimDueAccounts } from '../store/due-accounts.ts';
import { isoOfMs } from '../store/instants.ts';
import { findBoundsAfter, findLotsExpiringBy } from '../store/lots.ts';
import { saveBook } from '../store/save-book.ts';
import type { CurrentRules } from './current-programme.ts';
import { SOURCE } from './points-events.ts';

const MAX_LOTS_PER_CUSTOMER = 500;

/** Points that activity has kept are announced anew, as another event. */
const slidTo = ({ slidesUntilMs }: Account): string[] => (slidesUntilMs === null ? [] : [String(slidesUntilMs)]);

/**
 * Tells, once per lot, that points will expire within the programme's notice; one portion. Lots whose expiry is past are
 * not told of. Returns how many accounts it went through; 0 = nothing is due.
 */
export const announceExpiring = async (
  tx: Tx,
  now: Temporal.Instant,
  maxCustomers: number,
  deps: { currentRules: CurrentRules },
): Promise<number> => {
  const { programme } = await deps.currentRules(tx);
  if (!programme || programme.expiringSoonDays === 0) return 0;
  const horizon = now.toZonedDateTimeISO(programme.timeZone).add({ days: programme.expiringSoonDays }).toInstant();
  const accounts = await claimDueAccounts(tx, 'notice', horizon.toString(), maxCustomers);
  if (accounts.length === 0) return 0;
  const book = createBook('clock', now);
  addAccounts(book, accounts);
  const ids = accounts.map(({ customerId }) => customerId);
  const horizonMs = horizon.epochMilliseconds;
  const [lots, bounds] = await Promise.all([
    findLotsExpiringBy(tx, ids, horizonMs, MAX_LOTS_PER_CUSTOMER, true),
    findBoundsAfter(tx, ids, horizonMs),
  ]);
  addLots(book, lots);
  const events = bounds.flatMap(({ customerId, nextUnnoticedMs }) => {
    const account = accountOf(book, customerId);
    const own = openLots(book, customerId);
    for (const lot of own) {
      lot.noticed = true;
      touchLot(book, account, lot);
    }
    if (own.length < MAX_LOTS_PER_CUSTOMER) account.nextUnnoticedMs = nextUnnoticedMs;
    return own
      .filter((lot) => !isPastExpiry(lot, book.nowMs) && !isNobody(customerId))
      .map((lot) =>
        event(
          PointsExpiringSoon,
          { id: idFrom('points.expiring_soon', lot.id, ...slidTo(account)), source: SOURCE, time: now },
          {
            customerId,
            lotId: lot.id,
            points: lot.remaining,
            expiresAt: isoOfMs(lot.expiresAtMs as number),
          },
        ),
      );
  });
  await saveBook(tx, book, now.toString());
  await emit(tx, events);
  return accounts.length;
};
