import { AppError } from '@vafa/kernel';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { findProgramme, listProgrammeVersions } from '../store/programmes.ts';
import { replaceProgramme } from '../use-cases/change-draft.ts';
import { callOf } from './call.ts';
import { ProgrammeBody, ProgrammePage, ProgrammeVersion } from './programme-schemas.ts';
import { MAX_VERSION } from './schemas.ts';
import { tellProblems } from './tell-problems.ts';

const tags = ['programme'];

/** How points are earned and lost. */
export const programmeRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/programme',
    {
      schema: { tags, summary: 'The programme in force', response: { 200: ProgrammeVersion } },
      config: { scope: 'ledger:read' },
    },
    async () => {
      const programme = await findProgramme(sql);
      if (!programme)
        throw new AppError('not_found', 'ledger.no_programme', 'there is no programme yet: PUT /v1/programme');
      return programme;
    },
  );

  app.put(
    '/v1/programme',
    {
      schema: {
        tags,
        summary: 'Sets the programme at once, as a new version; purchases booked from now on follow it',
        body: ProgrammeBody,
        response: { 200: ProgrammeVersion },
      },
      validatorCompiler: tellProblems,
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, (tx) => replaceProgramme(tx, request.body, callOf(request, clock))),
  );

  app.get(
    '/v1/programme/versions',
    {
      schema: {
        tags,
        summary: 'Every version with who made it and when, newest first',
        querystring: Type.Object({
          cursor: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_VERSION })),
          limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
        }),
        response: { 200: ProgrammePage },
      },
      config: { scope: 'ledger:admin' },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const found = await listProgrammeVersions(sql, limit + 1, cursor);
      const versions = found.slice(0, limit);
      const last = found.length > limit ? versions.at(-1) : undefined;
      return { versions, ...(last ? { nextCursor: String(last.version) } : {}) };
    },
  );
};
