import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { campaigns } from '../src/index.ts';
import {
  activeCampaign,
  call,
  erased,
  lifecycle,
  merged,
  NOW,
  publish,
  purchase,
  requests,
  sent,
  suppressed,
  updated,
} from './given.ts';

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [campaigns], now: NOW });
});
afterEach(() => h.stop());

const LATER = '2026-11-21T08:00:01Z';
const asked = async () => (await requests(h)).map(({ subject, data }) => `${subject} ${data.cause.triggerId}`).sort();

describe('merged customers', () => {
  it('count as one for once per customer, whichever id bought', async () => {
    await activeCampaign(h, { frequency: 'once_per_customer' });
    await publish(h, [purchase('old', 'A-1')]);
    await publish(h, [merged('old', 'kept')]);
    await publish(h, [purchase('kept', 'A-2'), purchase('old', 'A-3')]);
    expect(await asked()).toEqual(['old order:A-1']);
    const story = await call(h, 200, 'GET', '/v1/campaigns/welcome/customers/kept');
    expect(story.entries).toHaveLength(1);
  });

  it('keep one entry where both had entered', async () => {
    await activeCampaign(h, { frequency: 'once_per_customer' });
    await publish(h, [purchase('old', 'A-1'), purchase('kept', 'B-1')]);
    await publish(h, [merged('old', 'kept'), merged('old', 'kept')]);
    expect(await h.sql('campaigns')`select customer_id as who, trigger_key as key from entry`).toEqual([
      { who: 'kept', key: 'order:B-1' },
    ]);
  });

  it('are followed through a chain of merges, in any order of being told', async () => {
    await activeCampaign(h);
    await publish(h, [merged('b', 'c')]);
    await publish(h, [merged('a', 'b')]);
    await publish(h, [merged('c', 'd')]);
    await publish(h, [purchase('a', 'A-1'), purchase('b', 'B-1'), purchase('c', 'C-1')]);
    expect(await asked()).toEqual(['d order:A-1', 'd order:B-1', 'd order:C-1']);
    expect((await requests(h)).map(({ data }) => data.params.customerId)).toEqual(['d', 'd', 'd']);
  });

  it('leave the audience to the one who lives on', async () => {
    await publish(h, [lifecycle('old', 'new'), lifecycle('kept', 'loyal')]);
    await publish(h, [merged('old', 'kept')]);
    await publish(h, [lifecycle('old', 'active')]);
    expect(await h.sql('campaigns')`select customer_id as who, lifecycle from audience`).toEqual([
      { who: 'kept', lifecycle: 'loyal' },
    ]);
  });

  it('are refused when a customer is merged into itself', async () => {
    await h.send(merged('c1', 'c1'));
    expect((await h.deadLetters('campaigns')).map(({ errorCode }) => errorCode)).toEqual([
      'campaigns.merged_into_itself',
    ]);
  });
});

describe('erased customers', () => {
  it('leave nothing that names them, in any table', async () => {
    await activeCampaign(h);
    await publish(h, [purchase('ali-1', 'A-1'), lifecycle('ali-1', 'new'), purchase('ali-0', 'A-0')]);
    await publish(h, [merged('ali-0', 'ali-1')]);
    const [request] = await requests(h);
    if (!request) throw new Error('a message was asked for');
    await publish(h, [sent(request, 'm1')]);
    await publish(h, [erased('ali-1')]);
    await publish(h, [suppressed(request, 'm2', 'erased')]);

    const tables = await h.admin<{ name: string }[]>`select table_name as name from information_schema.tables
      where table_schema = 'campaigns'`;
    expect(tables.length).toBeGreaterThan(8);
    for (const { name } of tables) {
      const rows =
        await h.admin`select t::text as row from ${h.admin(`campaigns.${name}`)} t where t::text like '%ali-%'`;
      expect(rows, name).toEqual([]);
    }
    // What was counted stays counted.
    expect(await call(h, 200, 'GET', '/v1/campaigns/welcome/results')).toMatchObject({
      entered: 2,
      sent: 1,
      suppressed: { erased: 1 },
    });
  });

  it('are not taken up again by what happened before, however late it is told', async () => {
    await activeCampaign(h);
    await publish(h, [erased('c1')]);
    await publish(h, [purchase('c1', 'A-1'), lifecycle('c1', 'new')]);
    expect(await asked()).toEqual([]);
    expect(await h.sql('campaigns')`select customer_id from audience`).toEqual([]);
  });

  it('are customers like others when they come back', async () => {
    await activeCampaign(h);
    await publish(h, [erased('c1')]);
    await publish(h, [updated('c1', LATER)]);
    await publish(h, [purchase('c1', 'A-2', { time: LATER }), lifecycle('c1', 'new', { time: LATER })]);
    expect(await asked()).toEqual(['c1 order:A-2']);
    expect(await h.sql('campaigns')`select customer_id as who from audience`).toEqual([{ who: 'c1' }]);
  });
});

describe('the audience', () => {
  it('holds the latest state by the time of the change, not of the telling', async () => {
    await publish(h, [lifecycle('c1', 'loyal', { time: '2026-11-20T00:00:00Z' })]);
    await publish(h, [lifecycle('c1', 'active', { time: '2026-11-19T00:00:00Z' }), lifecycle('c2', 'new')]);
    const rows = await h.sql('campaigns')`select customer_id as who, lifecycle from audience order by who`;
    expect(rows).toEqual([
      { who: 'c1', lifecycle: 'loyal' },
      { who: 'c2', lifecycle: 'new' },
    ]);
  });
});
