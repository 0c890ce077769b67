import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  event,
  Topics,
} from '@vafa/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emailOf, type MessagingFixture, phoneOf, startMessaging } from '../test/messaging.fixture.ts';

let f: MessagingFixture;
/** 21:30 in Tehran: within the quiet hours. */
const NIGHT = '2026-11-21T18:00:00Z';
const MORNING = '2026-11-22T04:30:00Z';

beforeAll(async () => {
  f = await startMessaging();
});
afterAll(() => f?.stop());

let serial = 0;
const at = (time: Temporal.Instant | string) => {
  serial += 1;
  return { id: `rule-${serial}`, source: '/test', time };
};
const consent = (customerId: string, granted: boolean, time: string, givenAt?: string) =>
  event(CustomerConsentChanged, at(time), {
    ...{ customerId, channel: 'sms', purpose: 'service', granted, consentSource: 'test' },
    ...(givenAt ? { givenAt } : {}),
  });
const settled = async (...events: Parameters<MessagingFixture['h']['publish']>[0]) => {
  await f.h.publish(events);
  await f.h.settle();
};
const moveTo = async (time: string) => {
  f.h.clock.set(time);
  await f.h.settle();
};
const service = { purpose: 'service' } as const;
const historyOf = async (id: string) => (await f.get(`/v1/requests/${id}`)).body.history;

describe('at night', () => {
  test('club messages wait for the morning, receipts and codes go', async () => {
    await f.h.clock.set(NIGHT);
    await f.know('night');
    const [club = '', receipt = '', code = ''] = await f.ask(
      { customerId: 'night', ...service },
      { customerId: 'night' },
      { customerId: 'night', purpose: 'otp' },
    );
    expect(await Promise.all([club, receipt, code].map(f.outcome))).toEqual(['queued', 'sent', 'sent']);
    expect((await historyOf(club))[0]?.detail).toBe(`deferred to ${MORNING} by quiet hours`);
    await moveTo('2026-11-22T04:29:59Z');
    expect(await f.outcome(club)).toBe('queued');
    await moveTo(MORNING);
    expect([await f.outcome(club), await f.taken(club)]).toEqual(['sent', 1]);
  });

  test('what expires before the morning is suppressed at once', async () => {
    f.h.clock.set('2026-11-22T18:00:00Z');
    const [id = ''] = await f.ask({ customerId: 'night', ...service, expiresAt: '2026-11-23T04:30:00Z' });
    expect([await f.outcome(id), await f.told(id)]).toEqual([
      'suppressed:quiet_hours_passed',
      ['suppressed:quiet_hours_passed'],
    ]);
  });

  test('night is where the customer is', async () => {
    await f.know('newyork', { timeZone: 'America/New_York' });
    const [id = ''] = await f.ask({ customerId: 'newyork', ...service });
    expect(await f.outcome(id)).toBe('sent');
  });

  test('what was due by day but held up into the night waits again', async () => {
    await moveTo('2026-11-23T17:29:00Z');
    await f.know('held');
    f.sandbox.sms.script.next(409);
    const [id = ''] = await f.ask({ customerId: 'held', ...service });
    expect(await f.outcome(id)).toBe('queued:kavenegar_409');
    await moveTo('2026-11-23T17:31:00Z');
    expect((await historyOf(id)).at(-1)?.detail).toBe('deferred to 2026-11-24T04:30:00Z by quiet hours');
    await moveTo('2026-11-24T04:30:00Z');
    expect(await f.outcome(id)).toBe('sent');
  });

  test('a policy put over HTTP holds for what waits too', async () => {
    f.h.clock.set('2026-11-24T18:00:00Z');
    const [id = ''] = await f.ask({ customerId: 'night', ...service });
    expect(await f.outcome(id)).toBe('queued');
    const payload = { quietHours: null, promotionalCap: { perDay: 5, perWeek: 5 } };
    const answer = await f.h.http('messaging').inject({ method: 'PUT', url: '/v1/contact-policy', payload });
    expect(answer.json()).toMatchObject({ version: 1, quietHours: null });
    const [now = ''] = await f.ask({ customerId: 'night', ...service, params: { points: 1 } });
    expect(await f.outcome(now)).toBe('sent');
    const back = { quietHours: { from: '21:00', to: '08:00' }, promotionalCap: { perDay: 1, perWeek: 3 } };
    await f.h.http('messaging').inject({ method: 'PUT', url: '/v1/contact-policy', payload: back });
    await moveTo('2026-11-25T08:00:00Z');
    expect((await f.get('/v1/contact-policy')).body).toMatchObject({ ...back, version: 2 });
    const changes = await f.h.sql(
      'messaging',
    )`select before, after from admin_change where subject = 'contact-policy' order by id`;
    expect(changes).toMatchObject([
      { before: null, after: payload },
      { before: payload, after: back },
    ]);
  });
});

describe('consent', () => {
  test('withdrawn between the request and the sending', async () => {
    f.h.clock.set('2026-11-25T18:00:00Z');
    await f.know('changes-mind');
    const [id = ''] = await f.ask({ customerId: 'changes-mind', ...service });
    expect(await f.outcome(id)).toBe('queued');
    await settled(consent('changes-mind', false, '2026-11-25T18:00:01Z'));
    await moveTo('2026-11-26T08:00:00Z');
    expect([await f.outcome(id), await f.told(id), await f.taken(id)]).toEqual([
      'suppressed:no_consent',
      ['suppressed:no_consent'],
      0,
    ]);
  });

  const grant = (granted: boolean, givenAt: string) => ({ granted, givenAt });
  test.each([
    ['the newest word counts', [grant(true, '2026-11-01T00:00:00Z'), grant(false, '2026-11-02T00:00:00Z')], false],
    ['even when it comes first', [grant(false, '2026-11-02T00:00:00Z'), grant(true, '2026-11-01T00:00:00Z')], false],
    ['given again', [grant(false, '2026-11-02T00:00:00Z'), grant(true, '2026-11-03T00:00:00Z')], true],
    ['of two at once the refusal', [grant(false, '2026-11-02T00:00:00Z'), grant(true, '2026-11-02T00:00:00Z')], false],
    ['in either order', [grant(true, '2026-11-02T00:00:00Z'), grant(false, '2026-11-02T00:00:00Z')], false],
  ])('%s', async (name, words, granted) => {
    for (const together of [true, false]) {
      const customerId = `word-${name}-${together}`;
      await f.know(customerId, {}, []);
      const events = words.map((word) => consent(customerId, word.granted, '2026-11-26T07:00:00Z', word.givenAt));
      if (together) await settled(...events);
      else for (const each of events) await settled(each);
      const [id = ''] = await f.ask({ customerId, ...service });
      expect(await f.outcome(id)).toBe(granted ? 'sent' : 'suppressed:no_consent');
    }
  });
});

describe('customers', () => {
  test('an update replaces what was known: a number that is gone is not written to', async () => {
    await f.know('moves');
    await settled(event(CustomerUpdated, at(f.h.clock.now()), { customerId: 'moves', email: emailOf('moves') }));
    const [sms = '', email = ''] = await f.ask({ customerId: 'moves' }, { customerId: 'moves', channel: 'email' });
    expect([await f.outcome(sms), await f.outcome(email)]).toEqual(['suppressed:no_contact', 'sent']);
  });

  test('an older update that comes late changes nothing', async () => {
    await f.know('older');
    const stale = { customerId: 'older', phone: '+989120000000', name: 'قدیمی' };
    await settled(event(CustomerUpdated, at('2026-11-01T00:00:00Z'), stale));
    const [row] = await f.h.sql('messaging')`select phone, name from contact where customer_id = 'older'`;
    expect(row).toEqual({ phone: phoneOf('older'), name: 'سارا' });
  });

  test('an erased customer is forgotten, what waits is not sent, what is said later counts again', async () => {
    f.h.clock.set('2026-11-26T18:00:00Z');
    await f.know('gone', { name: 'پنهان' });
    const [sent = '', waits = ''] = await f.ask({ customerId: 'gone' }, { customerId: 'gone', ...service });
    await settled(event(CustomerErased, at(f.h.clock.now()), { customerId: 'gone' }));
    expect([await f.outcome(sent), await f.outcome(waits), await f.told(waits)]).toEqual([
      'sent',
      'suppressed:erased',
      ['suppressed:erased'],
    ]);
    const [after = ''] = await f.ask({ customerId: 'gone', purpose: 'otp' });
    expect(await f.outcome(after)).toBe('suppressed:erased');
    const sql = f.h.sql('messaging');
    const left = JSON.stringify([
      await sql`select * from message where customer_id = 'gone'`,
      await sql`select * from contact where customer_id = 'gone'`,
      await sql`select * from consent where customer_id = 'gone'`,
      await sql`select e.* from message_event e join message m on m.id = e.message_id where m.customer_id = 'gone'`,
      await sql`select * from outbox`,
    ]);
    for (const secret of ['پنهان', phoneOf('gone'), emailOf('gone')]) expect(left).not.toContain(secret);
    await moveTo('2026-11-27T08:00:00Z');
    expect(await f.taken(waits)).toBe(0);
    const back = { customerId: 'gone', phone: phoneOf('gone') };
    await settled(event(CustomerUpdated, at('2026-11-26T17:00:00Z'), back));
    expect(await f.outcome((await f.ask({ customerId: 'gone' }))[0] ?? '')).toBe('suppressed:erased');
    await settled(event(CustomerUpdated, at(f.h.clock.now()), back));
    expect(await f.outcome((await f.ask({ customerId: 'gone' }))[0] ?? '')).toBe('sent');
  });

  test('a merged customer lives on in the other: contact, consent, messages and caps', async () => {
    await f.know('twin-a', { name: 'الف' });
    const ad = { purpose: 'promotional' } as const;
    const [before = ''] = await f.ask({ customerId: 'twin-a', ...ad });
    await settled(event(CustomerMerged, at(f.h.clock.now()), { customerId: 'twin-a', intoCustomerId: 'twin-b' }));
    const [old = '', other = '', capped = ''] = await f.ask(
      { customerId: 'twin-a', ...service },
      { customerId: 'twin-b', ...service, params: { points: 7 } },
      { customerId: 'twin-b', ...ad },
    );
    expect(await Promise.all([before, old, other, capped].map(f.outcome))).toEqual([
      ...['sent', 'sent', 'sent'],
      'suppressed:frequency_cap',
    ]);
    const { body } = await f.get('/v1/customers/twin-b/messages');
    const messages = body.messages as { requestId: string; customerId: string }[];
    expect(messages.map(({ requestId }) => requestId)).toEqual([capped, other, old, before]);
    expect((await f.get('/v1/customers/twin-a/messages')).body.messages).toEqual([]);
    const page = await f.get(`/v1/customers/twin-b/messages?limit=3`);
    const rest = await f.get(`/v1/customers/twin-b/messages?limit=3&after=${page.body.next}`);
    expect((rest.body.messages as { requestId: string }[]).map(({ requestId }) => requestId)).toEqual([before]);
    expect(rest.body.next).toBeNull();
  });

  test('merging in chains and circles', async () => {
    await f.know(['ring-a', 'ring-b', 'ring-c']);
    const merged = (customerId: string, intoCustomerId: string) =>
      event(CustomerMerged, at(f.h.clock.now()), { customerId, intoCustomerId });
    await settled(merged('ring-a', 'ring-b'));
    await settled(merged('ring-b', 'ring-c'));
    await settled(merged('ring-c', 'ring-a'));
    await settled(merged('ring-c', 'ring-c'));
    const [id = ''] = await f.ask({ customerId: 'ring-a' });
    expect([await f.outcome(id), (await f.get(`/v1/requests/${id}`)).body.customerId]).toEqual(['sent', 'ring-c']);
    expect(await f.h.deadLetters('messaging')).toEqual([]);
  });

  test('nothing of all this is told twice', async () => {
    const events = await f.h.events(Topics.messages);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });
});
