import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { campaigns } from '../src/index.ts';
import { activeCampaign, call, lifecycle, NOW, publish, purchase, requests, sent, suppressed } from './given.ts';

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [campaigns], now: NOW });
});
afterEach(() => h.stop());

it('counts each message once per status, however often it is told', async () => {
  await activeCampaign(h);
  await publish(h, [purchase('c1', 'A-1'), purchase('c2', 'A-2'), purchase('c3', 'A-3')]);
  const [one, two, three] = (await requests(h)).sort((a, b) => a.subject.localeCompare(b.subject));
  if (!one || !two || !three) throw new Error('three messages were asked for');
  await publish(h, [sent(one, 'm1'), sent(one, 'm1'), suppressed(two, 'm2', 'no_consent')]);
  await publish(h, [sent(one, 'm1'), suppressed(two, 'm2', 'no_consent'), suppressed(three, 'm3', 'no_contact')]);
  expect(await call(h, 200, 'GET', '/v1/campaigns/welcome/results')).toEqual({
    entered: 3,
    requested: 3,
    sent: 1,
    delivered: 0,
    failed: 0,
    opened: 0,
    clicked: 0,
    unsubscribed: 0,
    suppressed: { no_consent: 1, no_contact: 1 },
    skipped: {},
    expired: 0,
  });
});

it('leaves messages of others and of unknown campaigns alone', async () => {
  await activeCampaign(h);
  await publish(h, [purchase('c1', 'A-1')]);
  const [request] = await requests(h);
  if (!request) throw new Error('a message was asked for');
  const by = (cause: object) => ({ ...request, data: { ...request.data, cause: { ...request.data.cause, ...cause } } });
  await publish(h, [sent(by({ kind: 'reminder' }), 'm1'), sent(by({ id: 'no-such' }), 'm2')]);
  expect(await call(h, 200, 'GET', '/v1/campaigns/welcome/results')).toMatchObject({ sent: 0 });
  expect(await h.sql('campaigns')`select message_id from message_outcome`).toEqual([]);
});

it('tells why a customer did or did not get it', async () => {
  await activeCampaign(h);
  await publish(h, [purchase('c1', 'A-1'), lifecycle('c1', 'new')]);
  const [request] = await requests(h);
  if (!request) throw new Error('a message was asked for');
  expect((await call(h, 200, 'GET', '/v1/campaigns/welcome/customers/c1')).explanation.code).toBe('requested');
  await publish(h, [suppressed(request, 'm1', 'no_consent')]);
  expect(await call(h, 200, 'GET', '/v1/campaigns/welcome/customers/c1')).toEqual({
    campaignId: 'welcome',
    customerId: 'c1',
    lifecycle: 'new',
    tallies: [],
    explanation: { code: 'suppressed', text: 'A message was requested and suppressed: no_consent.' },
    entries: [
      {
        triggerKey: 'order:A-1',
        status: 'requested',
        reason: null,
        campaignVersion: 1,
        triggeredAt: NOW,
        decidedAt: NOW,
        messages: [
          {
            messageId: 'm1',
            requestId: 'campaign:welcome:c1:order:A-1:sms',
            status: 'suppressed',
            reason: 'no_consent',
            channel: 'sms',
            templateId: 'welcome-sms',
            happenedAt: NOW,
          },
        ],
      },
    ],
  });
  const other = await call(h, 200, 'GET', '/v1/campaigns/welcome/customers/c2');
  expect(other).toMatchObject({ lifecycle: null, explanation: { code: 'not_triggered' }, entries: [] });
  await call(h, 404, 'GET', '/v1/campaigns/no-such/customers/c1');
  await call(h, 404, 'GET', '/v1/campaigns/no-such/results');
});
