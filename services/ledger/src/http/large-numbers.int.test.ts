import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger?.stop());

test('cursors, versions and subjects that the database can not read are refused by field, not failed on', async () => {
  const { draftId } = (await ledger.call('POST', '/v1/programme/drafts', {})).json();
  const draft = `/v1/programme/drafts/${draftId}`;
  const order = { currency: 'EUR', totalMinor: 100, lines: [] };
  const programme = (await ledger.call('GET', draft)).json().programme;
  for (const number of [2_147_483_648, 1e21])
    for (const [method, url, body, path] of [
      ['GET', `/v1/programme/versions?cursor=${number}`, undefined, '/cursor'],
      ['POST', '/v1/programme/simulations', { order, version: number }, '/version'],
      ['POST', '/v1/programme/drafts', { basedOn: number }, '/basedOn'],
      ['PUT', draft, { programme, revision: number }, '/revision'],
      ['PUT', draft, { programme, basedOn: number }, '/basedOn'],
      ['POST', `${draft}/activate`, { revision: number }, '/revision'],
    ] as const) {
      const answer = await ledger.call(method, url, body);
      expect([url, answer.statusCode, answer.json().problems?.[0]?.path]).toEqual([url, 400, path]);
    }
  for (const [query, path] of [
    ['cursor=1e21', '/cursor'],
    ['subject=%00', '/subject'],
  ]) {
    const answer = await ledger.call('GET', `/v1/ledger/audit?${query}`);
    expect([query, answer.statusCode, answer.json().problems?.[0]?.path]).toEqual([query, 400, path]);
  }
  const diff = await ledger.call('GET', '/v1/programme/diff?from=2147483648&to=active');
  expect(diff.statusCode, diff.body).toBeLessThan(500);
});
