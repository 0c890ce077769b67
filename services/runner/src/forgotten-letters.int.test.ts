import { CustomerErased, CustomerMerged, CustomerUpdated, encodeEvent, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { startHarness } from '@vafa/testing';
import { expect, test } from 'vitest';
import { SERVICES } from './services.ts';

const NOW = Temporal.Instant.from('2026-11-21T08:00:00Z');
const ERASED = NOW.add({ minutes: 1 });
const of = (time: Temporal.Instant) => ({ id: newId(), source: '/test', time: time.toString() });

/** What nobody can read, told of a customer. */
const broken = (key: string, at = NOW) => {
  const { headers, ...record } = encodeEvent(event(CustomerUpdated, of(at), { customerId: key }));
  return { ...record, key, headers, value: '{' };
};

test('every service that hears of customers empties what it has set aside of who is erased, by all of her names', async () => {
  const h = await startHarness({
    services: [...SERVICES],
    now: NOW.toString(),
    settings: { VAFA_LOG_LEVEL: 'silent' },
  });
  const hearing = SERVICES.filter(({ findErased }) => findErased !== undefined).map(({ name }) => name);
  expect(hearing).toEqual(SERVICES.map(({ name }) => name).filter((name) => name !== 'gateway'));
  const letters = async () => {
    await h.settle();
    return Promise.all(
      hearing.map(async (name) => (await h.deadLetters(name)).map(({ key, status }) => `${key} ${status}`).sort()),
    );
  };
  const everywhere = (...told: string[]) => hearing.map(() => told.sort());

  await h.publish(['spare', 'main'].map((customerId) => event(CustomerUpdated, of(NOW), { customerId })));
  await h.settle();
  await h.send(event(CustomerMerged, of(NOW), { customerId: 'spare', intoCustomerId: 'main' }));
  await h.bus.publish([broken('spare'), broken('main'), broken('other')]);
  expect(await letters()).toEqual(everywhere('main parked', 'other parked', 'spare parked'));

  h.clock.advance({ minutes: 5 });
  await h.publish([event(CustomerErased, of(ERASED), { customerId: 'main' })]);
  const emptied = ['null discarded', 'null discarded', 'other parked'];
  expect(await letters()).toEqual(everywhere(...emptied));

  const later = ERASED.add({ minutes: 1 });
  await h.bus.publish([broken('spare'), broken('main'), broken('main', later)]);
  expect(await letters()).toEqual(everywhere(...emptied, 'main parked', 'null discarded', 'null discarded'));
  await h.stop();
});
