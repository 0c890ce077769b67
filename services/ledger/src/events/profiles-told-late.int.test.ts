import { CustomerMerged, CustomerUpdated, event } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enter, envelope, RULES } from '../test/club-rules.fixture.ts';
import { T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ rules: RULES });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

/** Seconds after the tests' first moment. */
const at = (seconds: number): string => Temporal.Instant.from(T0).add({ seconds }).toString();
const said = (customerId: string, city: string, seconds: number) =>
  event(CustomerUpdated, envelope(at(seconds)), { customerId, attributes: { city } });
const merged = (customerId: string, intoCustomerId: string) =>
  event(CustomerMerged, envelope(at(5)), { customerId, intoCustomerId });

const cityOf = async (customerId: string): Promise<string | undefined> => {
  const [row] = await ledger.sql('ledger')<{ city: string }[]>`select attributes ->> 'city' as city
    from customer_profile where customer_id = ${customerId}`;
  return row?.city;
};

test('what was told earlier and comes later replaces nothing, whether or not it comes with what is newer', async () => {
  await ledger.send(said('apart', 'yazd', 20));
  await ledger.send(said('apart', 'tabriz', 10), said('together', 'yazd', 20), said('together', 'tabriz', 10));
  expect(await Promise.all(['apart', 'together'].map(cityOf))).toEqual(['yazd', 'yazd']);
  // A moment is of the one that comes last, as ever.
  await ledger.send(said('apart', 'qom', 20), said('together', 'shiraz', 20), said('together', 'qom', 20));
  expect(await Promise.all(['apart', 'together'].map(cityOf))).toEqual(['qom', 'qom']);
});

test('what is told again without a change is as new as when it was told again', async () => {
  await ledger.send(said('again', 'yazd', 10));
  await ledger.send(said('again', 'yazd', 30));
  await ledger.send(said('again', 'tabriz', 20));
  expect(await cityOf('again')).toBe('yazd');
});

test('what was told by another name is replaced by what the customer’s own name tells, however early', async () => {
  await ledger.send(said('nickname', 'yazd', 20), said('former', 'yazd', 20), enter('known-by-segment', 'b'));
  await ledger.send(
    merged('nickname', 'lives-on'),
    merged('former', 'known-by-segment'),
    merged('later', 'told-later'),
  );
  await ledger.send(said('later', 'yazd', 20));
  const livingOn = ['lives-on', 'known-by-segment', 'told-later'];
  expect(await Promise.all(livingOn.map(cityOf))).toEqual(['yazd', 'yazd', 'yazd']);
  await ledger.send(...livingOn.map((customerId) => said(customerId, 'tabriz', 10)));
  expect(await Promise.all(livingOn.map(cityOf))).toEqual(['tabriz', 'tabriz', 'tabriz']);
});
