/** From when to when points of a credit can be spent. */
export interface SlowTerms {
  readyMs: number;
  expiresAtMs: number | null;
  /** Activity keeps them longer, where points slide; what they did not slide for when they were given, only such as comes later. */
  keptBy: 'any activity' | 'later activity' | 'nothing';
  /** Type of the interaction that makes them spendable before `readyMs`, when they are lost; null = time does. */
  awaits: string | null;
}

/** When points expire. */
export type SlowEnd = Pick<SlowTerms, 'expiresAtMs' | 'keptBy'>;

/** Points of one credit. */
export interface SlowLot {
  /** The order and rule, or the correction, that brought it. */
  origin: string;
  orderId: string | undefined;
  ruleId: string | undefined;
  /** Of lots that came at the same moment with the same expiry, that with the smaller id is spent first. */
  id: string;
  granted: number;
  left: number;
  /** Not spendable before `readyMs`. */
  pending: number;
  readyMs: number | null;
  /** Type of the interaction without which they are lost then; null = only time is needed. */
  awaits: string | null;
  /** When they could be spent that could not before; null = from the beginning, or never yet. */
  spendableFromMs: number | null;
  expired: number;
  waived: number;
  absorbed: number;
  bornMs: number;
  /** Its own; activity may keep it longer, if it slides. */
  expiresAtMs: number | null;
  slides: boolean;
  /** The customer's when it was given. */
  tier: string | null;
}

/** Something that a customer did. */
export interface SlowVisit {
  customerId: string;
  type: string;
  doneMs: number;
  /** The order it was about; undefined = none in particular. */
  orderId: string | undefined;
}

export interface SlowHold {
  customerId: string;
  points: number;
  from: { lot: SlowLot; points: number }[];
  expiresAtMs: number;
  open: boolean;
  /** What it pays for. */
  orderId: string | null;
  /** Spent; `points` is what of it was not given back since. */
  captured: number;
  capturedMs: number;
}

export interface SlowCustomer {
  lots: SlowLot[];
  deficit: number;
  entries: { kind: string; points: number; after: number }[];
  /** Activity keeps all points until then. */
  keptUntilMs: number;
  /** The ledger has heard of it: of others nothing is kept. */
  known: boolean;
}

/** What customers have, in plain arrays, point by point. */
export const createSlowBook = (
  endsOf: (ms: number, tier: string | null, ruleId?: string) => SlowEnd,
  tierOf: (customerId: string) => string | null,
) => {
  const customers = new Map<string, SlowCustomer>();
  const holds: SlowHold[] = [];
  const visits: SlowVisit[] = [];
  const clock = { nowMs: 0 };

  const customer = (id: string): SlowCustomer => {
    const found = customers.get(id) ?? { lots: [], deficit: 0, entries: [], keptUntilMs: 0, known: false };
    customers.set(id, found);
    return found;
  };
  const active = (id: string): number => customer(id).lots.reduce((sum, { left }) => sum + left, 0);
  const pending = (id: string): number => customer(id).lots.reduce((sum, lot) => sum + lot.pending, 0);
  const reserved = (id: string): number =>
    holds.filter((hold) => hold.open && hold.customerId === id).reduce((sum, { points }) => sum + points, 0);
  const log = (id: string, kind: string, points: number): void => {
    const after = active(id) + reserved(id) - customer(id).deficit;
    customer(id).entries.push({ kind, points, after });
  };

  /**
   * When a lot expires as things stand: with activity later, but never again once points of it have expired, nor if a rule or a
   * tier said when.
   */
  const endOf = (id: string, { expiresAtMs, slides, expired }: SlowLot): number | null =>
    expiresAtMs === null || !slides || expired > 0 ? expiresAtMs : Math.max(expiresAtMs, customer(id).keptUntilMs);
  const isPast = (id: string, lot: SlowLot): boolean => (endOf(id, lot) ?? Infinity) <= clock.nowMs;
  /** Those that expire first are spent first. */
  const inOrder = (id: string, lots: readonly SlowLot[] = customer(id).lots): SlowLot[] => {
    const end = (lot: SlowLot): number => endOf(id, lot) ?? Infinity;
    return [...lots].sort((a, b) =>
      end(a) === end(b) ? a.bornMs - b.bornMs || (a.id < b.id ? -1 : 1) : end(a) - end(b),
    );
  };
  /** What can be spent: what is past its time can't, though nobody has taken it away yet. */
  const available = (id: string): number =>
    customer(id)
      .lots.filter((lot) => !isPast(id, lot))
      .reduce((sum, { left }) => sum + left, 0);

  /** What was given after the last activity is not kept by it, if the programme that gave it does not slide. */
  const startOf = (id: string, { expiresAtMs, keptBy }: SlowEnd): Pick<SlowLot, 'expiresAtMs' | 'slides'> => {
    const keptAlready = expiresAtMs !== null && customer(id).keptUntilMs > expiresAtMs;
    return { expiresAtMs, slides: keptBy === 'any activity' || (keptBy === 'later activity' && !keptAlready) };
  };

  const give = (
    customerId: string,
    kind: string,
    points: number,
    bornMs: number,
    more: Partial<SlowTerms> & { origin?: string; orderId?: string; ruleId?: string; id?: string } = {},
  ): SlowLot => {
    const { origin = '', readyMs = bornMs, id = '', awaits = null, orderId, ruleId } = more;
    const ends = { ...endsOf(readyMs, tierOf(customerId)), ...more };
    const own = customer(customerId);
    payOffByRipe(customerId);
    const waits = awaits !== null || readyMs > clock.nowMs ? points : 0;
    const absorbed = Math.min(points - waits, own.deficit);
    own.deficit -= absorbed;
    const lot = {
      ...{
        origin,
        orderId,
        ruleId,
        id,
        granted: points,
        left: points - waits - absorbed,
        absorbed,
        expired: 0,
        waived: 0,
      },
      ...{ pending: waits, readyMs: waits > 0 ? readyMs : null, bornMs, ...startOf(customerId, ends), awaits },
      tier: tierOf(customerId),
      // What came late had its time of waiting all the same.
      spendableFromMs: waits === 0 && readyMs > bornMs ? readyMs : null,
    };
    own.lots.push(lot);
    log(customerId, kind, waits > 0 ? 0 : points);
    answer(customerId, lot);
    return lot;
  };
  /** Lots that have any points to spend, in order. */
  const open = (id: string): SlowLot[] => inOrder(id).filter(({ left }) => left > 0);
  /** Takes one point of the first of these lots that has any, else of the customer's. */
  const takeOne = (id: string, lots: readonly SlowLot[] = []): SlowLot | undefined => {
    const lot = lots.find(({ left }) => left > 0) ?? open(id)[0];
    if (lot) lot.left -= 1;
    return lot;
  };
  /** Gives points of a hold back into the lots they came from; what is owed is paid off with them. */
  const giveBack = (hold: SlowHold, points: number): void => {
    const own = customer(hold.customerId);
    payOffByRipe(hold.customerId);
    const lots = inOrder(
      hold.customerId,
      hold.from.map(({ lot }) => lot),
    ).reverse();
    let left = points;
    for (const lot of lots) {
      const part = hold.from.find((each) => each.lot === lot);
      const back = Math.min(left, part?.points ?? 0);
      const absorbed = Math.min(back, own.deficit);
      own.deficit -= absorbed;
      lot.absorbed += absorbed;
      lot.left += back - absorbed;
      if (part) part.points -= back;
      left -= back;
    }
    hold.points -= points;
  };

  /** Lots that wait, those whose time comes first before the others. */
  const waiting = (id: string): SlowLot[] =>
    customer(id)
      .lots.filter(({ pending: points }) => points > 0)
      .sort((a, b) => (a.readyMs ?? 0) - (b.readyMs ?? 0) || (a.id < b.id ? -1 : 1));
  const makeSpendable = (id: string, lot: SlowLot, fromMs: number): void => {
    const own = customer(id);
    const points = lot.pending;
    lot.pending = 0;
    lot.spendableFromMs = fromMs;
    for (let point = 0; point < points; point++) {
      if (own.deficit > 0) {
        own.deficit -= 1;
        lot.absorbed += 1;
      } else lot.left += 1;
    }
    log(id, 'activate', points);
  };
  /** Of somebody who owes something, what has waited long enough pays it off before anything that comes now. */
  const payOffByRipe = (id: string): void => {
    if (customer(id).deficit === 0) return;
    for (const lot of waiting(id))
      if (lot.awaits === null && (lot.readyMs ?? 0) <= clock.nowMs) makeSpendable(id, lot, lot.readyMs ?? lot.bornMs);
  };
  /** What has waited long enough can be spent, or is lost if it awaited something that was not done. */
  const ripen = (id: string): void => {
    for (const lot of waiting(id)) {
      if ((lot.readyMs ?? 0) > clock.nowMs) continue;
      if (lot.awaits === null) {
        makeSpendable(id, lot, lot.readyMs ?? lot.bornMs);
        continue;
      }
      lot.expired += lot.pending;
      lot.pending = 0;
      // Pending points stand beside the account.
      log(id, 'expire', 0);
    }
  };
  /**
   * What awaited something can be spent once it was done, whenever that was told: the first time that it was done after the points
   * were won, with their order or with none in particular. They expire by their rule, or the tier that the
   * customer has, or the programme, from then on.
   */
  const answer = (id: string, lot: SlowLot): void => {
    const [first] = visits
      .filter(({ customerId, type }) => customerId === id && type === lot.awaits)
      .filter(({ orderId }) => orderId === undefined || orderId === lot.orderId)
      .filter(({ doneMs }) => doneMs > lot.bornMs && doneMs < (lot.readyMs ?? 0))
      .sort((a, b) => a.doneMs - b.doneMs);
    if (lot.pending === 0 || !first) return;
    payOffByRipe(id);
    Object.assign(lot, startOf(id, endsOf(first.doneMs, tierOf(id), lot.ruleId)));
    lot.awaits = null;
    makeSpendable(id, lot, first.doneMs);
  };
  const answerAll = (id: string): void => {
    for (const lot of waiting(id)) answer(id, lot);
  };
  /** Something is told to have been done: points that were won before it may have awaited it, and such as are told later. */
  const visit = (done: SlowVisit): void => {
    visits.push(done);
    answerAll(done.customerId);
  };
  const expire = (id: string): void => {
    for (const lot of inOrder(id)) {
      if (lot.left === 0 || !isPast(id, lot)) continue;
      const points = lot.left;
      lot.expiresAtMs = endOf(id, lot);
      lot.left = 0;
      lot.expired += points;
      log(id, 'expire', -points);
    }
  };
  /** Whoever looks closely finds what time has done already, swept or not. */
  const settle = (id: string): void => {
    ripen(id);
    expire(id);
  };
  /** Keeps all points of a customer that slide; what is past its time when that happens is gone all the same. */
  const keepAlive = (id: string, activeMs: number): void => {
    const untilMs = endsOf(activeMs, null).expiresAtMs;
    if (untilMs === null || untilMs <= clock.nowMs || !customer(id).known) return;
    settle(id);
    customer(id).keptUntilMs = Math.max(customer(id).keptUntilMs, untilMs);
  };

  return {
    ...{ customers, holds, clock, customer, active, pending, reserved, available, open, log, endOf },
    ...{ inOrder, give, takeOne, giveBack, payOffByRipe, ripen, visit, visits, answerAll, expire, settle, keepAlive },
  };
};
export type SlowBook = ReturnType<typeof createSlowBook>;
