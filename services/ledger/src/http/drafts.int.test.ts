import { createApiKey } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger(null);
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const remove = (id: string) => ledger.http('ledger').inject({ method: 'DELETE', url: `/v1/programme/drafts/${id}` });
const begin = async (body: object = {}) => ledger.call('POST', '/v1/programme/drafts', body);
const activate = (id: string, body?: object, headers?: Record<string, string>) =>
  ledger.call('POST', `/v1/programme/drafts/${id}/activate`, body, headers);
const double = { ...PROGRAMME, rates: [{ currency: 'EUR', points: 2, perMinor: 100 }] };
const auditOf = async (subject: string) =>
  (await ledger.call('GET', `/v1/ledger/audit?subject=${encodeURIComponent(subject)}&limit=100`)).json().changes;

test('there is nothing to copy at first; a draft is begun, counts for nothing, and is activated', async () => {
  expect((await begin()).json()).toMatchObject({ status: 404, code: 'ledger.no_programme' });
  const draft = await begin({ programme: PROGRAMME });
  expect(draft.statusCode, draft.body).toBe(201);
  const { draftId } = draft.json();
  expect(draft.json()).toMatchObject({ basedOn: 0, revision: 1, status: 'open', programme: PROGRAMME });
  await ledger.send(purchase('ann', 'ann-1', 5_000));
  expect(await ledger.balance('ann')).toMatchObject({ active: 0 });
  expect((await activate(draftId)).json()).toEqual({ version: 1, draftId, replacedVersion: 0 });
  expect((await ledger.call('GET', '/v1/programme')).json()).toMatchObject({ ...PROGRAMME, version: 1 });
  await ledger.send(purchase('ann', 'ann-2', 5_000));
  expect(await ledger.balance('ann')).toMatchObject({ active: 50 });
  const again = await activate(draftId);
  expect(again.json()).toMatchObject({ status: 409, code: 'ledger.draft_activated', version: 1 });
  expect((await remove(draftId)).json()).toMatchObject({ code: 'ledger.draft_activated' });
  const kept = (await ledger.call('GET', `/v1/programme/drafts/${draftId}`)).json();
  expect(kept).toMatchObject({ status: 'activated', activatedVersion: 1 });
});

test('a copy is changed, compared and put in force; every step is on record', async () => {
  const { draftId } = (await begin()).json();
  const changed = await ledger.call('PUT', `/v1/programme/drafts/${draftId}`, { programme: double, revision: 1 });
  expect(changed.json()).toMatchObject({ revision: 2, basedOn: 1, programme: double });
  const stale = await ledger.call('PUT', `/v1/programme/drafts/${draftId}`, { programme: PROGRAMME, revision: 1 });
  expect(stale.json()).toMatchObject({ status: 409, code: 'ledger.draft_changed', revision: 2 });
  const diff = (await ledger.call('GET', `/v1/programme/diff?from=active&to=${draftId}`)).json();
  expect(diff.changes).toEqual([{ path: '/rates/EUR/points', before: 1, after: 2 }]);
  expect((await activate(draftId)).json()).toMatchObject({ version: 2, replacedVersion: 1 });
  expect((await ledger.call('GET', '/v1/programme/diff?from=1&to=2')).json().changes).toEqual(diff.changes);

  const steps = await auditOf(`draft/${draftId}`);
  expect(steps.map(({ action }: { action: string }) => action)).toEqual(['draft.changed', 'draft.begun']);
  expect(steps[0]).toMatchObject({ before: { programme: PROGRAMME }, after: { programme: double } });
  const [last] = await auditOf('programme');
  expect(last).toMatchObject({
    action: 'programme.activated',
    before: { version: 1 },
    after: { version: 2, draftId },
    actor: steps[0].actor,
  });
  await expect(ledger.sql('ledger')`update audit set actor = 'me'`).rejects.toMatchObject({ code: '23001' });
  await expect(ledger.sql('ledger')`delete from audit`).rejects.toMatchObject({ code: '23001' });
});

test('a draft begun from a version that is no longer in force needs to be compared, or forced', async () => {
  const { draftId } = (await begin()).json();
  const other = await ledger.call('PUT', '/v1/programme', { ...double, name: 'Other' });
  const active = other.json().version;
  expect((await activate(draftId)).json()).toMatchObject({
    status: 409,
    code: 'ledger.programme_moved',
    basedOn: active - 1,
    activeVersion: active,
  });
  const rebased = await ledger.call('PUT', `/v1/programme/drafts/${draftId}`, { programme: double, basedOn: active });
  expect(rebased.json()).toMatchObject({ basedOn: active });
  expect((await activate(draftId)).json()).toMatchObject({ version: active + 1 });
  const { draftId: late } = (await begin({ basedOn: 1 })).json();
  expect((await activate(late, { force: true })).json()).toMatchObject({
    version: active + 2,
    replacedVersion: active + 1,
  });
  expect((await ledger.call('GET', '/v1/programme')).json()).toMatchObject(PROGRAMME);
  expect((await auditOf('programme'))[2]).toMatchObject({ after: { version: active } });
});

test('two who activate one draft at once make one version of it', async () => {
  const { draftId } = (await begin()).json();
  const before = (await ledger.call('GET', '/v1/programme')).json().version;
  const answers = await Promise.all(Array.from({ length: 4 }, () => activate(draftId)));
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409, 409]);
  expect((await ledger.call('GET', '/v1/programme')).json().version).toBe(before + 1);
  const { draftId: another } = (await begin()).json();
  const key = { 'idempotency-key': 'activate-once' };
  const twice = await Promise.all([activate(another, undefined, key), activate(another, undefined, key)]);
  expect(twice.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect(twice[0]?.body).toBe(twice[1]?.body);
});

test('all that is wrong is told at once, each with its field', async () => {
  const wrong = await begin({
    programme: { ...PROGRAMME, rounding: 'up', timeZone: 5, surprise: 1, rates: [{ currency: 'EUR', points: 0 }] },
  });
  expect(wrong.statusCode).toBe(400);
  const paths = wrong.json().problems.map(({ path }: { path: string }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      '/programme/rounding',
      '/programme/timeZone',
      '/programme/surprise',
      '/programme/rates/0/points',
      '/programme/rates/0/perMinor',
    ]),
  );
  const senseless = await begin({
    programme: { ...PROGRAMME, timeZone: 'Europe/Atlantis', rates: [PROGRAMME.rates[0], PROGRAMME.rates[0]] },
  });
  expect(senseless.json()).toMatchObject({ status: 400, code: 'ledger.invalid_programme' });
  expect(
    senseless
      .json()
      .problems.map(({ path }: { path: string }) => path)
      .sort(),
  ).toEqual(['/programme/rates/1/currency', '/programme/timeZone']);
});

test('drafts are listed and removed; only who may administer sees them', async () => {
  const { draftId } = (await begin()).json();
  const open = (await ledger.call('GET', '/v1/programme/drafts?status=open&limit=1')).json();
  expect(open).toMatchObject({ drafts: [{ draftId }] });
  expect((await remove(draftId)).json()).toEqual({ removed: draftId });
  expect((await ledger.call('GET', `/v1/programme/drafts/${draftId}`)).json()).toMatchObject({
    code: 'ledger.draft_not_found',
  });
  expect((await auditOf(`draft/${draftId}`))[0]).toMatchObject({ action: 'draft.removed', after: null });
  const writer = await createApiKey(ledger.admin, { name: 'writer', scopes: ['ledger:write'] }, ledger.clock.now());
  const refused = await ledger.call('POST', '/v1/programme/drafts', {}, { authorization: `Bearer ${writer.secret}` });
  expect(refused.json()).toMatchObject({ status: 403, scope: 'ledger:admin' });
});

test('drafts are listed page by page, newest first, with who changed each last and when', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await begin()).json().draftId);
  const other = await createApiKey(ledger.admin, { name: 'other', scopes: ['ledger:admin'] }, ledger.clock.now());
  const headers = { authorization: `Bearer ${other.secret}` };
  const [first = '', second = '', third = ''] = ids;
  ledger.clock.advance('PT1H');
  const changedAt = ledger.clock.now().toString();
  await ledger.call('PUT', `/v1/programme/drafts/${first}`, { programme: double }, headers);
  expect((await activate(second, { force: true }, headers)).statusCode).toBe(200);
  const listed: { draftId: string; actor: string; changedBy: string; changedAt: string; createdAt: string }[] = [];
  for (let cursor = ''; ; ) {
    const page = (await ledger.call('GET', `/v1/programme/drafts?limit=2${cursor && `&cursor=${cursor}`}`)).json();
    listed.push(...page.drafts);
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  const all = listed.map(({ draftId }) => draftId);
  expect(all.slice(0, 3)).toEqual(ids.toReversed());
  expect(new Set(all).size).toBe(all.length);
  for (const draft of listed) {
    const isChanged = draft.draftId === first || draft.draftId === second;
    if (isChanged) expect(draft).toMatchObject({ changedBy: other.id, changedAt });
    else if (draft.draftId === third) expect(draft.changedBy).toBe(draft.actor);
    if (isChanged) expect([draft.actor, draft.createdAt]).not.toEqual([other.id, changedAt]);
  }
  const open = (await ledger.call('GET', '/v1/programme/drafts?status=open&limit=100')).json().drafts;
  expect(open.map(({ draftId }: { draftId: string }) => draftId)).toEqual(
    listed.filter((draft) => 'status' in draft && draft.status === 'open').map(({ draftId }) => draftId),
  );
  const activated = (await ledger.call('GET', '/v1/programme/drafts?status=activated&limit=100')).json().drafts;
  expect(activated).toHaveLength(all.length - open.length);
  const changes = await auditOf(`draft/${first}`);
  const page = await ledger.call('GET', `/v1/ledger/audit?subject=draft/${first}&limit=1`);
  const rest = await ledger.call('GET', `/v1/ledger/audit?subject=draft/${first}&cursor=${page.json().nextCursor}`);
  expect([...page.json().changes, ...rest.json().changes]).toEqual(changes);
});

test('what a draft may not be is refused wherever it is said', async () => {
  const { draftId } = (await begin()).json();
  const url = `/v1/programme/drafts/${draftId}`;
  const missing = { status: 404, code: 'ledger.no_programme' };
  expect((await begin({ basedOn: 999 })).json()).toMatchObject(missing);
  expect((await begin({ basedOn: 999, programme: PROGRAMME })).json()).toMatchObject(missing);
  expect((await ledger.call('PUT', url, { programme: PROGRAMME, basedOn: 999 })).json()).toMatchObject(missing);
  const wrong = { ...PROGRAMME, rates: [PROGRAMME.rates[0], PROGRAMME.rates[0]] };
  const problems = [{ path: '/programme/rates/1/currency' }];
  for (const answer of [await begin({ programme: wrong }), await ledger.call('PUT', url, { programme: wrong })])
    expect(answer.json()).toMatchObject({ status: 400, code: 'ledger.invalid_programme', problems });
  expect((await activate(draftId, { revision: 2 })).json()).toMatchObject({
    code: 'ledger.draft_changed',
    revision: 1,
  });
  // Kept when less was asked of a programme.
  await ledger.sql('ledger')`update programme_draft set definition = ${JSON.stringify(wrong)}::text::jsonb
    where id = ${draftId}`;
  expect((await activate(draftId)).json()).toMatchObject({ code: 'ledger.invalid_programme', problems });
  for (const [path, body] of [
    ['/v1/programme/simulations', { draftId, order: { currency: 'EUR', totalMinor: 100 } }],
    [`${url}/replays`, { days: 1 }],
  ] as const)
    expect((await ledger.call('POST', path, body)).json().code).toBe('ledger.invalid_programme');
  await remove(draftId);
});

test('of two drafts of one version that are activated at once, one must be compared with the other', async () => {
  const drafts = await Promise.all(Array.from({ length: 6 }, async () => (await begin()).json().draftId as string));
  const answers = await Promise.all(drafts.map((id) => activate(id)));
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
  for (const answer of answers)
    if (answer.statusCode === 409) expect(answer.json().code).toBe('ledger.programme_moved');
  for (const [i, id] of drafts.entries()) if (answers[i]?.statusCode === 409) await remove(id);
});

test('fifty drafts may be open, however many were activated and however many are begun at once', async () => {
  const { drafts } = (await ledger.call('GET', '/v1/programme/drafts?status=open&limit=100')).json();
  for (let i = drafts.length; i < 49; i++) expect((await begin()).statusCode).toBe(201);
  const last = await Promise.all(Array.from({ length: 8 }, () => begin()));
  expect(last.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, ...Array(7).fill(409)]);
  for (const answer of last.filter(({ statusCode }) => statusCode === 409))
    expect(answer.json().code).toBe('ledger.too_many_drafts');
});

test('every door is described', async () => {
  const { paths } = (await ledger.call('GET', '/openapi.json')).json();
  const doors = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(doors).toEqual(
    expect.arrayContaining([
      ...['POST', 'GET'].map((method) => `${method} /v1/programme/drafts`),
      ...['GET', 'PUT', 'DELETE'].map((method) => `${method} /v1/programme/drafts/{draftId}`),
      'POST /v1/programme/drafts/{draftId}/activate',
      ...['POST', 'GET'].map((method) => `${method} /v1/programme/drafts/{draftId}/replays`),
      'GET /v1/programme/replays/{replayId}',
      'POST /v1/programme/replays/{replayId}/cancel',
      'POST /v1/programme/simulations',
      'GET /v1/programme/diff',
      'GET /v1/ledger/audit',
      'GET /v1/adjustment-requests',
      'GET /v1/adjustment-requests/{requestId}',
      ...['approve', 'reject', 'withdraw'].map((deed) => `POST /v1/adjustment-requests/{requestId}/${deed}`),
      'POST /v1/customers/{customerId}/transfers',
    ]),
  );
});
