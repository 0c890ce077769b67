import { AppError, newId, present } from '@vafa/kernel';
import { emptyAccount, laterMs } from '../domain/account.ts';
import { activateAwaited, settlePending } from '../domain/activate.ts';
import { nextBirthday } from '../domain/birthday.ts';
import { addAccounts } from '../domain/book.ts';
import { credit } from '../domain/credit.ts';
import { give as giveAway } from '../domain/gift.ts';
import { giveBackLate } from '../domain/give-back.ts';
import { keptUntilMs } from '../domain/kept-by-activity.ts';
import { isPastExpiry } from '../domain/lot.ts';
import { capEntries } from '../domain/new-entries.ts';
import { isNobody, settleDue } from '../domain/plan.ts';
import { capture, hold, type Reservation, release, requireOpen } from '../domain/reservation.ts';
import type { RuleSet } from '../domain/rules/compile.ts';
import { earnByEvent } from '../domain/rules/evaluate.ts';
import type { CustomerFacts, EventFacts } from '../domain/rules/facts.ts';
import { debit, expireDue, openLots } from '../domain/spend.ts';
import { atOnce } from '../domain/terms.ts';
import { signedPoints } from '../domain/transfer.ts';
import { rulesOf } from '../use-cases/current-programme.ts';
import type { ClaimedGift, Gift } from '../use-cases/gift.ts';
import { readBatch } from '../use-cases/read-batch.ts';
import { expiringIn } from '../use-cases/tier-expiry.ts';
import type { State, World } from './compare.fixture.ts';
import { createDomainClaims } from './domain-claims.fixture.ts';
import { bookDomainGifts, celebrated, claimOnce, grantedBy } from './domain-grants.fixture.ts';
import { eraseInDomain, mergeInDomain } from './domain-leave.fixture.ts';
import { bookSteps } from './domain-refunds.fixture.ts';
import { createStandings } from './domain-standings.fixture.ts';
import { createDomainTables, customerOf, fulfilledOf, isFresh } from './domain-tables.fixture.ts';
import { PROGRAMME } from './events.fixture.ts';
import type { Scenario } from './scenario.fixture.ts';

const UNKNOWN: CustomerFacts = { tier: null, segments: [], lifecycle: null, attributes: {} };

const refusedAs = <Result>(work: () => Result): Result | undefined => {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
};

/** The domain with plain maps in the place of tables. */
export const domainWorld = (scenario: Scenario): World => {
  const { policy, spentPoints, zone, activation, rules: earning, matching, tiers, onErase } = scenario;
  const tables = createDomainTables();
  const { clock, accounts, lots, transfers, orders, refundedWhole, reservations, payments, facts, counters } = tables;
  const { account, withBook, ownerOf } = tables;
  const returns = { policy, spentPoints };
  const programme = {
    ...{ ...PROGRAMME, ...zone, expiresAfterDays: null, returns, version: 1, activation, rules: earning, matching },
    ...(tiers ? { tiers } : {}),
  };
  let rules = rulesOf(programme);
  /** Deeds refuse before they change anything but expiry, which is undone with the transaction. */
  const available = (id: string): number =>
    withBook((book) =>
      openLots(book, id)
        .filter((lot) => !isPastExpiry(lot, book.nowMs))
        .reduce((sum, { remaining }) => sum + remaining, 0),
    );
  const claims = createDomainClaims(tables, available);
  const keepAlive = (activities: readonly { customerId: string; atMs: number }[]): void => {
    const until = activities.flatMap(({ customerId, atMs }) => {
      const untilMs = rules.expiryOf(atMs);
      return accounts.has(customerId) && (untilMs ?? 0) > clock.now.epochMilliseconds ? [{ customerId, untilMs }] : [];
    });
    withBook((book) => {
      for (const { customerId } of until) settleDue(book, account(customerId));
    });
    for (const { customerId, untilMs } of until)
      account(customerId).slidesUntilMs = laterMs(account(customerId).slidesUntilMs, untilMs);
  };
  const standings = tiers ? createStandings(tiers, zone) : undefined;
  const somebodies = (): string[] => [...accounts.keys()].filter((id) => !isNobody(id));
  const knownFacts = (customerIds: readonly string[]) => (standings ? standings.factsOf(facts, customerIds) : facts);
  const tierOf = (customerId: string) => knownFacts([customerId]).get(customerId)?.tier ?? null;
  const expiringFor = (customerId: string, ruleId: string | null = null) =>
    expiringIn(rules, tierOf(customerId), ruleId);
  /** What an event gives by the rules that it sets off. */
  const giftsOf = (
    customerId: string,
    set: RuleSet | undefined,
    { id, source, time }: { id: string; source: string; time: string },
    attributes?: EventFacts['attributes'],
  ): Gift[] =>
    set
      ? [
          {
            customerId,
            earned: earnByEvent(
              rules.compiled,
              set,
              { atMs: Date.parse(time), attributes },
              knownFacts([customerId]).get(customerId),
            ),
            keyOf: (ruleId) => ['event', ruleId, source, id],
            occurredAt: time,
          },
        ]
      : [];
  /** Books what was claimed, and lets it count towards tiers. */
  const give = (gifts: readonly ClaimedGift[]) => {
    const counted = bookDomainGifts(tables, rules, gifts, tierOf);
    for (const each of counted) standings?.countGrant(each);
    standings?.look(somebodies(), clock.now.epochMilliseconds);
    return counted;
  };
  const stateOf = (customerId: string): State => {
    const { active, pending, reserved, deficit } = accounts.get(customerId) ?? emptyAccount(customerId);
    const own = transfers.filter((each) => each.customerId === customerId);
    const born = new Map(transfers.map(({ id, occurredAt }) => [id, Date.parse(occurredAt)]));
    return {
      active,
      pending,
      reserved,
      deficit,
      tier: standings ? standings.tierOf(customerId) : (facts.get(customerId)?.tier ?? null),
      counted: {
        tiers: isNobody(customerId) ? 0 : (standings?.counted(customerId) ?? 0),
        caps: [...counters.values()]
          .filter((each) => each.customerId === customerId)
          .reduce((sum, { awards }) => sum + awards, 0),
      },
      entries: own.map((each) => [each.kind, signedPoints(each), each.balanceAfter]),
      lots: lots
        .filter((lot) => lot.customerId === customerId)
        .sort((a, b) => (born.get(a.id) ?? 0) - (born.get(b.id) ?? 0))
        .map((lot) => [
          ...[lot.granted, lot.remaining, lot.pending, lot.expired, lot.waived, lot.absorbed],
          lot.remaining > 0 ? keptUntilMs(accounts.get(customerId) ?? emptyAccount(customerId), lot) : null,
        ]),
    };
  };

  return {
    setNow: async (instant) => {
      clock.now = instant;
      standings?.look(somebodies(), instant.epochMilliseconds);
    },
    publish: async (events) => {
      const buyers = events.map(({ data }) => ownerOf(data.customerId));
      const batch = readBatch(events, rules, tables.resolve, clock.now.epochMilliseconds, knownFacts(buyers));
      const fresh = batch.steps.filter((step) => isFresh(tables, step));
      for (const step of fresh) if (!isNobody(customerOf(step))) account(customerOf(step));
      for (const step of fresh) if (step.kind === 'purchase') capEntries(step.purchase, rules.compiled, counters);
      for (const step of fresh) {
        if (step.kind === 'refund') continue;
        const { customerId, orderId, occurredAtMs: wonAtMs } = step.purchase.order;
        for (const entry of step.purchase.entries) {
          const { ruleId } = entry.award;
          const points = { customerId, orderId, ruleId, wonAtMs, terms: entry.terms };
          Object.assign(entry, fulfilledOf(tables, points, expiringFor(customerId, ruleId)));
        }
      }
      const { bought, cases } = bookSteps(tables, fresh, returns);
      standings?.count(bought, cases);
      standings?.look(somebodies(), clock.now.epochMilliseconds);
      if (rules.keptAliveBy.purchase)
        keepAlive(bought.map(({ order }) => ({ customerId: order.customerId, atMs: order.occurredAtMs })));
    },
    reserve: async (name, points, ttlSeconds, orderId) => {
      const customerId = ownerOf(name);
      if (available(customerId) < points) return undefined;
      const id = newId();
      const expiresAtMs = clock.now.epochMilliseconds + ttlSeconds * 1_000;
      const reservation: Reservation = {
        id,
        customerId,
        points,
        captured: 0,
        orderId: orderId ?? null,
        status: 'held',
        expiresAtMs,
      };
      return withBook((book) => {
        expireDue(book, account(customerId));
        reservations.set(id, { reservation, allocations: hold(book, account(customerId), reservation) });
        return id;
      });
    },
    capture: async (id, points) => {
      const { reservation, allocations } = present(reservations.get(id), 'reservation');
      const references = { occurredAt: clock.now.toString(), actor: 'test' };
      const { customerId, orderId } = reservation;
      const order = orders.get(orderId ?? '');
      const givenBack = refusedAs(() =>
        withBook((book) => {
          const own = account(customerId);
          const captured = capture(book, own, reservation, allocations, points, references);
          if (order?.customerId !== customerId) return 0;
          const others = payments.filter((each) => each.orderId === orderId && each.customerId === customerId);
          const paidBefore = others.reduce((sum, each) => sum + each.captured, 0);
          const paid = { order, whole: refundedWhole.has(order.orderId), paidBefore };
          return giveBackLate(book, own, captured, allocations, paid, spentPoints);
        }),
      );
      if (givenBack !== undefined && orderId !== null) {
        const capturedAtMs = clock.now.epochMilliseconds;
        payments.push({
          reservationId: id,
          customerId,
          orderId,
          captured: points,
          givenBack,
          capturedAtMs,
          allocations,
        });
      }
      if (givenBack !== undefined && rules.keptAliveBy.redemption)
        keepAlive([{ customerId, atMs: clock.now.epochMilliseconds }]);
      return givenBack !== undefined;
    },
    release: async (id) => {
      const { reservation, allocations } = present(reservations.get(id), 'reservation');
      return (
        refusedAs(() => {
          requireOpen(reservation, clock.now.epochMilliseconds);
          withBook((book) => release(book, account(reservation.customerId), reservation, allocations, 'released'));
          return true;
        }) ?? false
      );
    },
    adjust: async (name, points) => {
      const customerId = ownerOf(name);
      if (available(customerId) < -points) return false;
      const posting = { kind: 'adjust' as const, points, occurredAt: clock.now.toString(), naturalKey: [newId()] };
      withBook((book) => {
        expireDue(book, account(customerId));
        if (points > 0)
          credit(book, account(customerId), posting, atOnce(expiringFor(customerId)(clock.now.epochMilliseconds)));
        else debit(book, account(customerId), posting);
      });
      return true;
    },
    claim: async (name, reward, reference) => {
      const claimed = claims.claim(name, reward, reference);
      if (claimed?.isNew && rules.keptAliveBy.redemption)
        keepAlive([{ customerId: ownerOf(name), atMs: clock.now.epochMilliseconds }]);
      return claimed?.id;
    },
    cancel: async (id) => claims.cancel(id),
    give: async (name, to, points) => {
      const from = ownerOf(name);
      if (from === to || ownerOf(to) !== to || available(from) < points) return undefined;
      const gift = { id: newId(), points, occurredAt: clock.now.toString(), actor: 'test', reason: 'test' };
      return withBook((book) => {
        const [giver, receiver] = [account(from), account(to)];
        addAccounts(book, [giver, receiver]);
        expireDue(book, giver);
        return giveAway(book, giver, receiver, gift).map(({ arrived }) => arrived.id);
      });
    },
    visit: async (visited) => {
      const { time, data } = visited;
      const atMs = Date.parse(time);
      if (tables.isLate(data.customerId, atMs)) return;
      const { interactionType: type, attributes = {} } = data;
      const customerId = ownerOf(data.customerId);
      const set = rules.compiled.interactions.get(type);
      const gifts = claimOnce(tables, giftsOf(customerId, set, visited, attributes));
      if (rules.keptAliveBy.interactions.has(type)) keepAlive([{ customerId, atMs }]);
      const orderId = typeof attributes.orderId === 'string' && attributes.orderId !== '' ? attributes.orderId : null;
      const visit = { type, atMs, orderId };
      tables.visits.push({ customerId, ...visit });
      if (accounts.has(customerId))
        withBook((book) =>
          activateAwaited(book, account(customerId), visit, (ruleId) => expiringFor(customerId, ruleId)),
        );
      give(gifts);
    },
    join: async (membership) => {
      const atMs = Date.parse(membership.time);
      if (tables.isLate(membership.data.customerId, atMs)) return;
      const customerId = ownerOf(membership.data.customerId);
      const { segments, lifecycle } = rules.compiled;
      const before = facts.get(customerId) ?? UNKNOWN;
      let set: RuleSet | undefined;
      if (membership.type === 'lifecycle.changed') {
        facts.set(customerId, { ...before, lifecycle: membership.data.to });
        set = lifecycle.get(membership.data.to);
      } else {
        const { segmentId } = membership.data;
        const others = before.segments.filter((each) => each !== segmentId);
        const enters = membership.type === 'segment.entered';
        facts.set(customerId, { ...before, segments: enters ? [...others, segmentId] : others });
        set = enters ? segments.get(segmentId) : undefined;
      }
      give(claimOnce(tables, giftsOf(customerId, set, membership)));
    },
    know: async (customerId, { birthDate, ...known }) => {
      facts.set(customerId, { ...UNKNOWN, ...known });
      const next = birthDate === undefined ? null : nextBirthday(birthDate, zone, clock.now.epochMilliseconds);
      if (next !== null) tables.birthdays.set(customerId, { birthDate: birthDate as string, nextMs: next.startMs });
    },
    setExpiry: async (expiry) => {
      rules = rulesOf({ ...programme, expiry });
    },
    sweep: async () => {
      withBook((book) => {
        for (const { reservation, allocations } of reservations.values())
          if (reservation.status === 'held' && reservation.expiresAtMs <= clock.now.epochMilliseconds)
            release(book, account(reservation.customerId), reservation, allocations, 'timed_out');
        for (const each of accounts.values()) settlePending(book, each);
        standings?.look(somebodies(), clock.now.epochMilliseconds);
        for (const each of accounts.values()) expireDue(book, each);
      });
      give(claimOnce(tables, celebrated(tables, rules, knownFacts([...tables.birthdays.keys()]), zone)));
    },
    grant: async (name, grantId, asked) => {
      const said = JSON.stringify([name, asked]);
      const before = tables.grants.get(grantId);
      if (before) return before.said === said ? before.points : undefined;
      const customerId = ownerOf(name);
      const atMs = clock.now.epochMilliseconds;
      const earned = grantedBy(rules, knownFacts([customerId]), { customerId, atMs, asked });
      const gift = {
        ...{ customerId, earned, keyOf: () => ['grant', grantId], given: new Set<string>() },
        occurredAt: clock.now.toString(),
      };
      const points = give([gift])[0]?.amount;
      if (points === undefined) return undefined;
      tables.grants.set(grantId, { said, points });
      return points;
    },
    merge: async (from, into, time, times) => {
      for (let i = 0; i < times; i++) mergeInDomain(tables, standings, { from, into, time, returns }, expiringFor);
    },
    erase: async (id, time, times) => {
      for (let i = 0; i < times; i++) eraseInDomain(tables, standings, { id, time, onErase });
    },
    state: async (customerId) => stateOf(customerId),
    nobodies: async () =>
      [...accounts.keys()]
        .filter(isNobody)
        .map(stateOf)
        .filter(({ entries }) => entries.length > 0),
  };
};
