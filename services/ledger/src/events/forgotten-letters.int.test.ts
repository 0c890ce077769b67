import { CustomerErased, CustomerMerged, deadTopic, encodeEvent, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

const BEFORE = Temporal.Instant.from(T0);
const ERASED = BEFORE.add({ minutes: 1 });
const AFTER = BEFORE.add({ minutes: 2 });

/** What the ledger can't read, of a customer. */
const broken = (key: string, at = BEFORE) => {
  const { headers, ...record } = encodeEvent(purchase('somebody', newId(), 100));
  const told = { ...(headers as Record<string, string>), ce_time: at.toString() };
  return { ...record, key, headers: told, value: '{"phone":"09120000000"' };
};

const erase = (customerId: string) =>
  event(CustomerErased, { id: newId(), source: '/test', time: ERASED }, { customerId });

const letters = async () => {
  await ledger.settle();
  return (await ledger.deadLetters('ledger')).sort((a, b) => a.id - b.id);
};

test('nothing stays of what was set aside of who is erased, but that there was something', async () => {
  // Longer than a B-tree takes.
  const long = Array.from({ length: 300 }, newId).join('');
  const keys = ['gone', 'stays', long, 'gone', 'gone'];
  await ledger.bus.publish([
    ...[broken('gone'), broken('stays'), broken(long)],
    // Whose time nobody can read, and one that the customer who came back under the same id has sent.
    ...[{ ...broken('gone'), headers: {} }, broken('gone', AFTER)],
  ]);
  ledger.clock.advance({ minutes: 10 });
  const before = await letters();
  expect(before.map(({ key }) => key).sort()).toEqual([...keys].sort());

  await ledger.publish([erase('gone')]);
  const after = await letters();
  const [scrubbed, kept] = [after.filter(({ key }) => key === null), after.filter(({ key }) => key !== null)];
  expect(kept).toEqual(before.filter(({ id }) => !scrubbed.some((each) => each.id === id)));
  expect(kept.map(({ key }) => key).sort()).toEqual(['gone', long, 'stays'].sort());
  expect(scrubbed).toHaveLength(2);
  for (const letter of scrubbed) {
    const earlier = before.find(({ id }) => id === letter.id);
    expect(earlier).toMatchObject({ key: 'gone', status: 'parked' });
    expect(letter).toEqual({
      ...earlier,
      ...{ key: null, headers: '{}', value: null, valueBytes: null, eventId: null, status: 'discarded' },
      errorMessage: 'the customer was erased',
    });
  }
  expect((await ledger.events(Topics.points)).filter(({ subject }) => subject === 'gone')).toEqual([]);
});

test('nor of what was set aside under a name that was merged into hers, and nothing more is set aside', async () => {
  const known = new Set((await letters()).map(({ id }) => id));
  const added = async () => (await letters()).filter(({ id }) => !known.has(id));
  const merge = event(
    CustomerMerged,
    { id: newId(), source: '/test', time: BEFORE.toString() },
    { customerId: 'spare', intoCustomerId: 'main' },
  );
  await ledger.bus.publish([broken('spare'), broken('main'), broken('other')]);
  await ledger.publish([merge]);
  await letters();
  await ledger.bus.publish([broken('spare')]);
  expect((await added()).map(({ key }) => key).sort()).toEqual(['main', 'other', 'spare', 'spare']);

  await ledger.publish([erase('main')]);
  const told = ({ key, status }: { key: string | null; status: string }): string => `${key} ${status}`;
  const gone = Array(3).fill('null discarded');
  expect((await added()).map(told).sort()).toEqual([...gone, 'other parked']);

  const dead = async (): Promise<number> => {
    const rows = await ledger.admin`select 1 from bus.log_record where topic = ${deadTopic(Topics.purchases.name)}`;
    return rows.length;
  };
  const before = await dead();
  // Told late, from before the erasure; a time that nobody can read is that of the record.
  await ledger.bus.publish([broken('spare'), broken('main'), broken('main', AFTER), broken('other')]);
  const later = (await added()).map(told).sort();
  expect(later).toEqual(['main parked', ...gone, 'null discarded', 'null discarded', 'other parked', 'other parked']);
  expect((await dead()) - before).toBe(2);
  const left = await ledger.admin`select 1 from ledger.dead_letter l where l::text ~ 'spare|09120000000.*spare'`;
  expect(left).toEqual([]);
});
