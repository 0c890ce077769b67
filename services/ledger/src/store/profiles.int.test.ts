import type { Tx } from '@vafa/bus';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { untilWaiting } from '../test/until-waiting.fixture.ts';
import { claimBirthdays, giveProfile, holdProfiles, lockProfiles, saveKnown } from './profiles.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

const begin = <Result>(work: (tx: Tx) => Promise<Result>) => ledger.sql('ledger').begin(work);

beforeEach(async () => {
  await ledger.sql('ledger')`delete from customer_profile`;
});

/** In this order, so that who reads the table to its end meets them in it. */
const make = async (...customerIds: string[]): Promise<void> => {
  for (const customerId of customerIds)
    await ledger.sql('ledger')`insert into customer_profile (customer_id) values (${customerId})`;
};

/** Is the row free to be locked, or made, by somebody else? */
const isFree = (customerId: string): Promise<boolean> =>
  begin(async (tx) => {
    await tx`set local lock_timeout = '100ms'`;
    await tx`insert into customer_profile (customer_id) values (${customerId}) on conflict do nothing`;
    await tx`select from customer_profile where customer_id = ${customerId} for update`;
    // Nothing stays of it.
    throw new Error('free');
  }).catch((error: Error) => {
    if (error.message === 'free') return true;
    if (error.message.includes('lock timeout')) return false;
    throw error;
  });

/** While somebody has the first: does who wants both wait for it before it has the second? */
const waitsWithTheFirst = async (want: (tx: Tx, customerIds: string[]) => Promise<void>): Promise<void> => {
  let wanting: Promise<unknown> | undefined;
  await begin(async (tx) => {
    await holdProfiles(tx, ['ann']);
    wanting = begin((other) => want(other, ['zoe', 'ann']));
    await untilWaiting(ledger);
    expect(await isFree('zoe')).toBe(true);
  });
  await wanting;
};

test('profiles are locked in the order of their customers, however they are named and wherever they lie', async () => {
  await make('zoe', 'ann');
  await waitsWithTheFirst(lockProfiles);
  await waitsWithTheFirst(holdProfiles);
  await waitsWithTheFirst((tx) => giveProfile(tx, 'ann', 'zoe'));
});

test('profiles that are not there are made in that order, too', () => waitsWithTheFirst(holdProfiles));

test('a profile that is there already is held like one that is made', async () => {
  await make('ann');
  await begin(async (tx) => {
    await holdProfiles(tx, ['ann', 'bob']);
    expect(await Promise.all(['ann', 'bob', 'eva'].map(isFree))).toEqual([false, false, true]);
  });
});

const YEAR_2000_MS = Date.parse('2000-01-01T00:00:00Z');
const known = (customerId: string, birthDate: string | null, attributes: Record<string, string>) => ({
  ...{ customerId, birthDate, attributes, nextBirthdayMs: birthDate === null ? null : YEAR_2000_MS },
  toldMs: YEAR_2000_MS,
});
const profilesOf = () =>
  ledger.sql('ledger')`select customer_id as of, birth_date::text as born, attributes
    from customer_profile order by customer_id`;

/** Of whom something is known: a date of birth alone, or attributes alone. */
const SOMETHING = [known('born', '1990-01-01', {}), known('city', null, { city: 'yazd' })];
const KEPT = [
  { of: 'born', born: '1990-01-01', attributes: {} },
  { of: 'city', born: null, attributes: { city: 'yazd' } },
];

test('who is known by a date of birth alone, or by attributes alone, is given nothing of who is merged into them', async () => {
  await begin((tx) => saveKnown(tx, [...SOMETHING, known('gone', '1980-01-01', { size: 'm' })]));
  await begin((tx) => giveProfile(tx, 'gone', 'born'));
  await begin((tx) => saveKnown(tx, [known('gone', '1980-01-01', { size: 'm' })]));
  await begin((tx) => giveProfile(tx, 'gone', 'city'));
  expect(await profilesOf()).toEqual(KEPT);
});

test('nor by what is told under another name', async () => {
  await begin((tx) => saveKnown(tx, SOMETHING));
  const told = SOMETHING.map(({ customerId }) => ({ ...known(customerId, '1980-01-01', { size: 'm' }), toldMs: null }));
  await begin((tx) => saveKnown(tx, told, 'nothing'));
  expect(await profilesOf()).toEqual(KEPT);
});

test('birthdays that somebody works on are left to them, and of the others the longest due come first', async () => {
  const due = ['2000-01-03', '2000-01-01', '2000-01-02', '2000-01-04'].map((day, i) => ({
    ...known(`due-${i}`, '1990-01-01', {}),
    nextBirthdayMs: Date.parse(day),
  }));
  await begin((tx) => saveKnown(tx, due));
  const claim = (tx: Tx) => claimBirthdays(tx, '2000-01-03T00:00:00Z', 1);
  await begin(async (first) => {
    expect(await claim(first)).toEqual([{ customerId: 'due-1', birthDate: '1990-01-01' }]);
    await begin(async (second) => {
      await second`set local lock_timeout = '2s'`;
      expect(await claim(second)).toEqual([{ customerId: 'due-2', birthDate: '1990-01-01' }]);
      expect(await begin((third) => claimBirthdays(third, '2000-01-03T00:00:00Z', 9))).toEqual([
        { customerId: 'due-0', birthDate: '1990-01-01' },
      ]);
    });
  });
});
