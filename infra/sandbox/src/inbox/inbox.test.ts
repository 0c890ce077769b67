import { expect, it } from 'vitest';
import type { SmsRecord } from '../sms/message-book.ts';
import { createInbox } from './inbox.ts';

const sms = (receptor: string, text = 'سلام'): SmsRecord => ({
  messageId: 1,
  receptor,
  sender: '10000000',
  text,
  encoding: 'ucs2',
  parts: 1,
  costRial: 1_500,
  acceptedAtMs: 0,
  sendAtMs: 0,
  delivery: 'delivered',
});
const mail = (to: string[]) => ({
  number: 1,
  acceptedAtMs: 0,
  envelopeFrom: 'shop@example.com',
  envelopeTo: to,
  from: 'shop@example.com',
  to,
  subject: 's',
  text: 't',
  messageId: '<1@x>',
  headers: [],
  sizeBytes: 1,
});

const filled = () => {
  const inbox = createInbox({ limitCount: 10, limitBytes: 1_000_000 });
  inbox.addSms(sms('09121234567'));
  inbox.addMail(mail(['Sara@example.com', 'ali@example.com']));
  inbox.addSms(sms('09351112233'));
  return inbox;
};
const ids = (messages: { id: number }[]) => messages.map(({ id }) => id);

it('lists the newest first, and counts', () => {
  const inbox = filled();
  expect(ids(inbox.list())).toEqual([3, 2, 1]);
  expect(ids(inbox.list({ limit: 2 }))).toEqual([3, 2]);
  expect(ids(inbox.list({ channel: 'sms' }))).toEqual([3, 1]);
  expect(inbox.count({ channel: 'email' })).toBe(1);
});

it.each(['09121234567', '+98 912 123 4567', '00989121234567', '9121234567', '0912123', ' 09121234567 '])(
  'finds the phone %s',
  (to) => {
    expect(ids(filled().list({ to }))).toEqual([1]);
  },
);

it('finds any recipient of an e-mail by a part of the address, in any case', () => {
  expect(ids(filled().list({ to: 'ALI@' }))).toEqual([2]);
  expect(ids(filled().list({ to: 'sara@example.com' }))).toEqual([2]);
  expect(ids(filled().list({ to: 'nobody' }))).toEqual([]);
});

it('forgets the oldest beyond its limits, and ids are never used again', () => {
  const inbox = createInbox({ limitCount: 2, limitBytes: 1_000_000 });
  for (const receptor of ['09120000001', '09120000002', '09120000003']) inbox.addSms(sms(receptor));
  expect(ids(inbox.list())).toEqual([3, 2]);
  expect(inbox.get(1)).toBeUndefined();
  inbox.clear();
  inbox.addSms(sms('09120000004'));
  expect(ids(inbox.list())).toEqual([4]);

  const small = createInbox({ limitCount: 100, limitBytes: 10_000 });
  for (let count = 0; count < 10; count += 1) small.addSms(sms('09120000001', 'س'.repeat(1_000)));
  expect(small.count()).toBe(4);
});
