import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import { differencesBetween } from '../domain/diff.ts';
import { listAudit } from '../store/audit.ts';
import { type Draft as KeptDraft, listDrafts } from '../store/drafts.ts';
import { activateDraft, beginDraft, getDraft, removeDraft, replaceDraft } from '../use-cases/change-draft.ts';
import { readProgramme } from '../use-cases/read-programme.ts';
import { callOf } from './call.ts';
import {
  ActivateBody,
  ActivatedBody,
  AuditPage,
  AuditQuery,
  DiffBody,
  DiffQuery,
  Draft,
  DraftBody,
  DraftPage,
  DraftParams,
  DraftQuery,
  NewDraftBody,
  RemovedBody,
} from './draft-schemas.ts';
import { tellProblems } from './tell-problems.ts';

const tags = ['programme'];

const bodyOf = ({ id, activatedVersion, ...draft }: KeptDraft) => ({
  draftId: id,
  ...draft,
  ...(activatedVersion === null ? {} : { activatedVersion }),
});

/** One side of a comparison, as it was named. */
const sideOf = (named: string): { draftId?: string; version?: number } =>
  named === 'active' ? {} : named.includes('-') ? { draftId: named } : { version: Number(named) };

/** Programmes in the making: begun, changed, compared and one day put in force; and who did what. */
export const draftRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  app.post(
    '/v1/programme/drafts',
    {
      schema: {
        tags,
        summary: 'Begins a draft, with a programme or as a copy of a version; nothing is booked by it',
        body: NewDraftBody,
        response: { 201: Draft },
      },
      validatorCompiler: tellProblems,
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 201, async (tx) =>
        bodyOf(await beginDraft(tx, request.body, callOf(request, clock))),
      ),
  );

  app.get(
    '/v1/programme/drafts',
    {
      schema: { tags, summary: 'All drafts, newest first', querystring: DraftQuery, response: { 200: DraftPage } },
      config: { scope: 'ledger:admin' },
    },
    async (request) => {
      const { status, cursor, limit } = request.query;
      const found = await listDrafts(sql, { status: status ?? null, beforeId: cursor ?? null, limit: limit + 1 });
      const drafts = found.slice(0, limit);
      const last = found.length > limit ? drafts.at(-1) : undefined;
      return { drafts: drafts.map(bodyOf), ...(last ? { nextCursor: last.id } : {}) };
    },
  );

  app.get(
    '/v1/programme/drafts/:draftId',
    {
      schema: { tags, summary: 'One draft', params: DraftParams, response: { 200: Draft } },
      config: { scope: 'ledger:admin' },
    },
    async (request) => bodyOf(await getDraft(sql, request.params.draftId)),
  );

  app.put(
    '/v1/programme/drafts/:draftId',
    {
      schema: {
        tags,
        summary: 'Replaces what a draft says; `revision` guards against another who changes it at once',
        params: DraftParams,
        body: DraftBody,
        response: { 200: Draft },
      },
      validatorCompiler: tellProblems,
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) =>
        bodyOf(await replaceDraft(tx, request.params.draftId, request.body, callOf(request, clock))),
      ),
  );

  app.delete(
    '/v1/programme/drafts/:draftId',
    {
      schema: { tags, summary: 'Removes an open draft', params: DraftParams, response: { 200: RemovedBody } },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, (tx) => removeDraft(tx, request.params.draftId, callOf(request, clock))),
  );

  app.post(
    '/v1/programme/drafts/:draftId/activate',
    {
      schema: {
        tags,
        summary:
          'Makes a draft the programme in force, as a new version; 409 when another came into force since it was begun, unless forced',
        params: DraftParams,
        body: ActivateBody,
        response: { 200: ActivatedBody },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, (tx) =>
        activateDraft(tx, request.params.draftId, request.body ?? {}, callOf(request, clock)),
      ),
  );

  app.get(
    '/v1/programme/diff',
    {
      schema: {
        tags,
        summary: 'What differs between two versions, or a version and a draft',
        querystring: DiffQuery,
        response: { 200: DiffBody },
      },
      config: { scope: 'ledger:admin' },
    },
    async (request) => {
      const { from, to } = request.query;
      const [before, after] = await Promise.all([readProgramme(sql, sideOf(from)), readProgramme(sql, sideOf(to))]);
      return { from, to, changes: differencesBetween(before.programme, after.programme) };
    },
  );

  app.get(
    '/v1/ledger/audit',
    {
      schema: {
        tags: ['ledger'],
        summary: 'Who changed what of the programme, its drafts and of corrections that need two people',
        querystring: AuditQuery,
        response: { 200: AuditPage },
      },
      config: { scope: 'ledger:admin' },
    },
    async (request) => {
      const { subject, cursor, limit } = request.query;
      const found = await listAudit(sql, { subject: subject ?? null, beforeId: cursor ?? null, limit: limit + 1 });
      const changes = found.slice(0, limit);
      const last = found.length > limit ? changes.at(-1) : undefined;
      return { changes, ...(last ? { nextCursor: String(last.id) } : {}) };
    },
  );
};
