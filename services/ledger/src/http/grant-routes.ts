import { fields } from '@vafa/contracts';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { grantPoints } from '../use-cases/grant-points.ts';
import { callOf } from './call.ts';
import { Account, CustomerParams, KEEPABLE, keepable } from './schemas.ts';

const GrantBody = Type.Object(
  {
    grantId: Type.String({
      ...keepable(fields.Id),
      description: 'Chosen by the caller: the same grant is given once, for ever',
    }),
    ruleId: Type.Optional(
      Type.String({ ...fields.Id, description: 'A rule whose trigger is manual_grant; in the place of points' }),
    ),
    points: Type.Optional(fields.PositivePoints),
    reason: Type.String({ ...fields.Reason, pattern: KEEPABLE }),
  },
  { additionalProperties: false },
);

const GrantedBody = Type.Object({
  entryId: Type.String(),
  points: Type.Integer({ minimum: 1 }),
  ruleId: Type.String({ description: '`grant` when points were given without a rule' }),
  balance: Account,
});

/** Points given by hand or by a campaign. */
export const grantRoutes = (app: HttpApp, context: ServiceContext, deps: { currentRules: CurrentRules }): void => {
  app.post(
    '/v1/customers/:customerId/grants',
    {
      schema: {
        tags: ['customers'],
        summary: 'Gives points by a rule for manual grants, or as many as are said; a grantId counts once, for ever',
        params: CustomerParams,
        body: GrantBody,
        response: { 201: GrantedBody },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 201, (tx) =>
        grantPoints(
          tx,
          { customerId: request.params.customerId, ...request.body },
          callOf(request, context.clock),
          deps,
        ),
      ),
  );
};
