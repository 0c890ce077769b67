import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { campaigns } from '../src/index.ts';
import { activeCampaign, call, interaction, lifecycle, NOW, publish, purchase, requests, WELCOME } from './given.ts';

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [campaigns], now: NOW });
});
afterEach(() => h.stop());

const results = (id: string) => call(h, 200, 'GET', `/v1/campaigns/${id}/results`);

describe('a campaign triggered by an event', () => {
  it('asks for one message per channel, with what the template needs', async () => {
    await activeCampaign(h, {
      messages: [
        { channel: 'sms', templateId: 'welcome-sms' },
        { channel: 'email', templateId: 'welcome-mail' },
      ],
    });
    await publish(h, [purchase('c1', 'A-1', { time: '2026-11-21T07:00:00Z' })]);
    const asked = await requests(h);
    expect(asked.map(({ data }) => [data.channel, data.templateId, data.requestId])).toEqual([
      ['sms', 'welcome-sms', 'campaign:welcome:c1:order:A-1:sms'],
      ['email', 'welcome-mail', 'campaign:welcome:c1:order:A-1:email'],
    ]);
    expect(asked[0]).toMatchObject({ type: 'message.requested', source: '/vafa/campaigns', subject: 'c1' });
    expect(asked[0]?.data).toMatchObject({
      customerId: 'c1',
      purpose: 'transactional',
      params: { customerId: 'c1', orderId: 'A-1', totalMinor: 1_000, currency: 'IRR', channel: 'web' },
      expiresAt: '2026-11-22T07:00:00Z',
      cause: { kind: 'campaign', id: 'welcome', triggerId: 'order:A-1' },
    });
    expect(await results('welcome')).toMatchObject({ entered: 1, requested: 2, expired: 0, skipped: {} });
  });

  it('asks once however often and under whatever event id the purchase is told', async () => {
    await activeCampaign(h);
    const told = purchase('c1', 'A-1', { id: 'same' });
    await publish(h, [told, told, purchase('c1', 'A-1', { id: 'another' })]);
    await h.restart('campaigns');
    await publish(h, [told, purchase('c2', 'A-2')]);
    expect((await requests(h)).map(({ subject }) => subject)).toEqual(['c1', 'c2']);
    expect(await results('welcome')).toMatchObject({ entered: 2, requested: 2 });
  });

  it('does nothing as a draft, and nothing once stopped', async () => {
    await call(h, 201, 'POST', '/v1/campaigns', WELCOME);
    await publish(h, [purchase('c1', 'A-1')]);
    await call(h, 200, 'POST', '/v1/campaigns/welcome/activate');
    await publish(h, [purchase('c1', 'A-2')]);
    await call(h, 200, 'POST', '/v1/campaigns/welcome/stop');
    await publish(h, [purchase('c1', 'A-3')]);
    expect((await requests(h)).map(({ data }) => data.cause.triggerId)).toEqual(['order:A-2']);
  });

  it('records what comes while paused, and does not send it later', async () => {
    await activeCampaign(h);
    await call(h, 200, 'POST', '/v1/campaigns/welcome/pause');
    await publish(h, [purchase('c1', 'A-1')]);
    await call(h, 200, 'POST', '/v1/campaigns/welcome/resume');
    await publish(h, [purchase('c1', 'A-1'), purchase('c1', 'A-2')]);
    expect((await requests(h)).map(({ data }) => data.cause.triggerId)).toEqual(['order:A-2']);
    expect(await results('welcome')).toMatchObject({ entered: 1, skipped: { paused: 1 } });
    const story = await call(h, 200, 'GET', '/v1/campaigns/welcome/customers/c1');
    expect(
      story.entries.map(({ triggerKey, status, reason }: Record<string, unknown>) => [triggerKey, status, reason]),
    ).toEqual([
      ['order:A-1', 'skipped', 'paused'],
      ['order:A-2', 'requested', null],
    ]);
  });

  it('asks once per customer when told so, whatever comes later', async () => {
    await activeCampaign(h, { frequency: 'once_per_customer' });
    await publish(h, [purchase('c1', 'A-1'), purchase('c1', 'A-2'), purchase('c1', 'A-1')]);
    await publish(h, [purchase('c1', 'A-3'), purchase('c2', 'B-1')]);
    await publish(h, [purchase('c1', 'A-2'), purchase('c1', 'A-3')]);
    expect((await requests(h)).map(({ data }) => data.cause.triggerId)).toEqual(['order:A-1', 'order:B-1']);
    expect(await results('welcome')).toMatchObject({ entered: 2, skipped: { once_per_customer: 2 } });
  });

  it('uses the new version for what comes after a change', async () => {
    await activeCampaign(h);
    await publish(h, [purchase('c1', 'A-1')]);
    const { id: _id, ...content } = WELCOME;
    const conditions = [{ field: 'totalMinor', op: 'gte', value: 5_000 }];
    await call(h, 200, 'PUT', '/v1/campaigns/welcome', {
      ...content,
      messages: [{ channel: 'sms', templateId: 'second' }],
      trigger: { ...content.trigger, conditions },
    });
    await publish(h, [purchase('c1', 'A-2'), purchase('c1', 'A-3', { totalMinor: 5_000 })]);
    expect((await requests(h)).map(({ data }) => [data.cause.triggerId, data.templateId])).toEqual([
      ['order:A-1', 'welcome-sms'],
      ['order:A-3', 'second'],
    ]);
  });

  it('tells interactions apart by their type', async () => {
    await activeCampaign(h, {
      trigger: { kind: 'event', eventType: 'interaction.recorded', interactionType: 'signup' },
    });
    await publish(h, [
      interaction('c1', 'app.opened'),
      interaction('c1', 'signup', 's1'),
      interaction('c1', 'signup', 's1'),
    ]);
    const asked = await requests(h);
    expect(asked.map(({ data }) => data.params)).toEqual([
      { customerId: 'c1', interactionType: 'signup', page: 'home' },
    ]);
  });
});

describe('a campaign triggered by a lifecycle change', () => {
  it('asks when the states match, once per change', async () => {
    await activeCampaign(h, { trigger: { kind: 'lifecycle', to: ['dormant'], from: ['active', 'loyal'] } });
    const change = lifecycle('c1', 'dormant', { from: 'loyal', id: 'l1' });
    await publish(h, [
      change,
      change,
      lifecycle('c2', 'dormant', { from: 'new' }),
      lifecycle('c3', 'loyal', { from: 'active' }),
    ]);
    expect((await requests(h)).map(({ data }) => data.params)).toEqual([
      { customerId: 'c1', from: 'loyal', to: 'dormant', reason: 'test', orders: 1 },
    ]);
  });
});

describe('events older than the time to live', () => {
  it('are recorded as expired, and ask for nothing', async () => {
    await activeCampaign(h);
    await publish(h, [purchase('c1', 'A-1', { time: '2026-11-20T07:59:59Z' })]);
    expect(await requests(h)).toEqual([]);
    const story = await call(h, 200, 'GET', '/v1/campaigns/welcome/customers/c1');
    expect(story.explanation.code).toBe('expired');
    expect(await results('welcome')).toMatchObject({ entered: 0, expired: 1 });
  });

  it('do not use up the once of once per customer', async () => {
    await activeCampaign(h, { frequency: 'once_per_customer' });
    await publish(h, [purchase('c1', 'A-1', { time: '2026-11-20T07:59:59Z' }), purchase('c1', 'A-2')]);
    expect((await requests(h)).map(({ data }) => data.cause.triggerId)).toEqual(['order:A-2']);
  });

  it('of a shop’s past are counted, without a row for each, and once when told twice', async () => {
    await activeCampaign(h);
    const start = Temporal.Instant.from('2011-12-01T08:00:00Z');
    const past = Array.from({ length: 1_000 }, (_, i) =>
      purchase(`c${i % 50}`, `old-${i}`, { time: start.add({ minutes: i }).toString() }),
    );
    await publish(h, past);
    await publish(h, past);
    expect(await results('welcome')).toMatchObject({ expired: 1_000, entered: 0 });
    const sql = h.sql('campaigns');
    expect(await sql`select count(*) as rows from entry`).toEqual([{ rows: 0 }]);
    expect(await sql`select count(*) as rows from trigger_tally`).toEqual([{ rows: 50 }]);
    expect(await requests(h)).toEqual([]);
    const story = await call(h, 200, 'GET', '/v1/campaigns/welcome/customers/c7');
    expect(story.explanation.code).toBe('expired');
    expect(story.tallies).toEqual([
      { outcome: 'expired', reason: 'too_old', count: 20, lastAt: '2011-12-01T23:57:00Z' },
    ]);
  });
});
