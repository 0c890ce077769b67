import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCommand } from './run-command.fixture.ts';

/** More than the command asks for at once. */
const LETTERS = 1_100;
let h: Harness;
/** A process that starts on a busy machine takes its time. */
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  h = await startHarness({ services: [] });
  await h.admin`insert into ledger.dead_letter (grp, topic, partition, record_offset, headers, status, error_code, error_message,
      attempts, first_seen_at, last_attempt_at)
    select 'vafa.ledger', 'vafa.purchases', 0, n, '{}', 'parked', 'test.parked', 'set aside', 1, now(), now()
    from generate_series(1, ${LETTERS}::integer) as n`;
});
afterAll(() => h?.stop());

const run = (...args: string[]) => runCommand('./dead-letters.ts', h.adminUrl, args);

test('what is mistyped is refused by name, and nothing is shown or done', async () => {
  const cases: [says: string, ...args: string[]][] = [
    ['--status is one of parked, waiting', 'list', '--status', 'park'],
    ['--limit takes a whole number from 1 to 1000', 'list', '--limit', '5000'],
    ['list takes no ledger', 'list', 'ledger'],
    ['abc is no ID', 'show', 'ledger', 'abc'],
    ['99999999999999999999 is no ID', 'retry', 'ledger', '99999999999999999999'],
    ['usage:', 'discard', 'ledger', '1', '--code', 'test.parked'],
  ];
  for (const [says, ...args] of cases)
    expect(await run(...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) });
  const statuses = await h.admin<{ status: string }[]>`select distinct status from ledger.dead_letter`;
  expect([...statuses]).toEqual([{ status: 'parked' }]);
});

test('all that are parked for a reason are handed back, however many', async () => {
  expect(await run('retry', 'ledger', '--code', 'test.parked')).toMatchObject({
    code: 0,
    out: `${LETTERS} handed back\n`,
  });
});
