import { AppError } from '@vafa/kernel';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import type { Programme } from '../domain/programme.ts';
import { addProgrammeVersion, findProgramme, listProgrammeVersions } from '../store/programmes.ts';
import { actorOf } from './call.ts';
import { ProgrammeBody, ProgrammePage, ProgrammeVersion } from './programme-schemas.ts';

const tags = ['programme'];

/** What the schema can't say. @throws AppError invalid `ledger.invalid_programme` */
const checkProgramme = ({ rates, timeZone }: Programme): void => {
  const problems = rates.flatMap(({ currency }, i) =>
    rates.findIndex((each) => each.currency === currency) < i
      ? [{ path: `/rates/${i}/currency`, message: 'has a rate already' }]
      : [],
  );
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problems.push({ path: '/timeZone', message: 'is no IANA time zone' });
  }
  if (problems.length > 0)
    throw new AppError('invalid', 'ledger.invalid_programme', 'the programme is not as it should be', { problems });
};

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
        summary: 'Sets the programme, as a new version; purchases booked from now on follow it',
        body: ProgrammeBody,
        response: { 200: ProgrammeVersion },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) => {
      checkProgramme(request.body);
      return idempotent(context, request, reply, 200, (tx) =>
        addProgrammeVersion(tx, request.body, actorOf(request), clock.now().toString()),
      );
    },
  );

  app.get(
    '/v1/programme/versions',
    {
      schema: {
        tags,
        summary: 'Every version with who made it and when, newest first',
        querystring: Type.Object({
          cursor: Type.Optional(Type.Integer({ minimum: 1 })),
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
