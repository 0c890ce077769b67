import { CustomerUpdated, event, Topics } from '@vafa/contracts';
import { segmentation } from '@vafa/segmentation';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCommand } from './run-command.fixture.ts';

let h: Harness;
/** A process that starts on a busy machine takes its time. */
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  h = await startHarness({ services: [segmentation] });
  const envelope = { id: 'known', source: '/test', time: '2026-11-21T08:00:00Z' };
  await h.publish([event(CustomerUpdated, envelope, { customerId: 'ann' })]);
  await h.settle();
});
afterAll(async () => {
  await h?.stop();
});

const run = (...args: string[]) => runCommand('./fence.ts', h.adminUrl, args);
const handled = (topic: string) =>
  h.admin`select next_offset::int as next from segmentation.consumer_fence where topic = ${topic} and next_offset > 0`;

test('how far a service has come is shown, and set back for one topic', async () => {
  const shown = await run('show', 'segmentation');
  expect([shown.code, shown.out]).toEqual([0, expect.stringMatching(/^vafa\.customers +\d+ +1$/m)]);
  expect(await handled(Topics.customers.name)).toEqual([{ next: 1 }]);
  const reset = await run('reset', 'segmentation', Topics.customers.name);
  expect([reset.code, reset.out]).toEqual([0, expect.stringMatching(/^reset \d+ partitions of vafa\.customers\n$/)]);
  expect(await handled(Topics.customers.name)).toEqual([]);
});

test('a topic of which nothing was handled is refused: it may be misspelt, and nothing is reset', async () => {
  const { code, out, err } = await run('reset', 'segmentation', 'vafa.custmers');
  expect([code, out, err]).toEqual([
    1,
    '',
    'vafa: vafa.segmentation has handled nothing of vafa.custmers: nothing was reset\n',
  ]);
});

test('wrong use tells how, with code 2', async () => {
  for (const args of [[], ['reset', 'segmentation'], ['show', 'nobody']])
    expect(await run(...args)).toMatchObject({ code: 2, err: expect.stringMatching(/usage:|name a service:/) });
});
