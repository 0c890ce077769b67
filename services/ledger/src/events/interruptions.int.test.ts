import { present } from '@vafa/kernel';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CalendarZone } from '../domain/calendar.ts';
import { compare } from '../test/compare.fixture.ts';
import { type InterruptedLedger, startInterruptedLedger } from '../test/interrupted-doors.fixture.ts';
import { realWorld } from '../test/real-world.fixture.ts';
import { renameRules } from '../test/rules.fixture.ts';
import { scenario } from '../test/scenario.fixture.ts';
import { ZONES } from '../test/terms.fixture.ts';

/** One for each calendar: once a day is closed, a book's stays. */
const interrupted = new Map<CalendarZone, InterruptedLedger>();

beforeAll(async () => {
  for (const zone of ZONES)
    interrupted.set(zone, await startInterruptedLedger({ LEDGER_RESERVATION_MAX_TTL_SECONDS: '2592000' }, [], zone));
});
afterAll(async () => {
  for (const { ledger } of interrupted.values()) await ledger.stop();
});

/** Every operation is done a hundred times: few of them have to do. */
const MOST_OPERATIONS = 10;
const short = scenario.map((drawn) => ({ ...drawn, operations: drawn.operations.slice(0, MOST_OPERATIONS) }));

/**
 * Every batch, request and sweep of a random stream is broken before and after each of its statements and at its commit, which
 * must leave nothing behind; then it is committed but nobody hears of it; then it comes again.
 */
test('broken at every statement, the ledger still does what the slow and obvious one does', async () => {
  let scenarios = 0;
  await fc.assert(
    fc.asyncProperty(short, async (drawn) => {
      scenarios += 1;
      const prefix = `s${scenarios}-`;
      const own = { ...drawn, rules: renameRules(drawn.rules, prefix) };
      const { ledger, doors } = present(interrupted.get(drawn.zone), 'ledger');
      await compare(realWorld(ledger, own, doors), own, prefix, ledger.clock.now().epochMilliseconds);
      await ledger.verify();
    }),
    { numRuns: 8 },
  );
  // Nothing was parked but what the ledger itself refuses.
  for (const { ledger } of interrupted.values()) {
    const parked = (await ledger.deadLetters('ledger')).map(({ errorCode }) => errorCode);
    expect(parked.filter((code) => !code?.startsWith('ledger.'))).toEqual([]);
  }
}, 180_000);
