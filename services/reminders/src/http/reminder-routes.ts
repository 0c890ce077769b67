import { fields } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { ONCE } from '../domain/timer.ts';
import { listTimers, type StoredTimer } from '../store/timers.ts';
import { countsOf } from '../use-cases/read-counts.ts';
import { cancelTimer, getTimer, setSingle } from '../use-cases/single-reminder.ts';
import { CountsBody, CreateReminder, ReminderBody, ReminderList, TimerStatusName } from './schemas.ts';

const tags = ['reminders'];
const params = Type.Object({ id: fields.Id });
const MAX_LIST = 500;

const toBody = (timer: StoredTimer) => ({
  id: timer.id,
  customerId: timer.customerId,
  definitionId: timer.definitionId === ONCE ? null : timer.definitionId,
  occurrence: timer.occurrence,
  dueAt: timer.dueAt.toString(),
  status: timer.status,
  reason: timer.reason,
  params: timer.params,
  cancelOn: timer.cancelOn ?? [],
  createdAt: timer.createdAt,
  settledAt: timer.settledAt,
});

/** Reminders of customers, single ones and those that definitions set. */
export const reminderRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  app.post(
    '/v1/reminders',
    {
      schema: {
        tags,
        summary: 'Sets one reminder at an instant',
        body: CreateReminder,
        response: { 201: ReminderBody },
      },
      config: { scope: 'reminders:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 201, async (tx) =>
        toBody(await setSingle(tx, newId(), request.body, clock.now())),
      ),
  );

  app.get(
    '/v1/reminders/counts',
    {
      schema: { tags, summary: 'What became of single reminders', response: { 200: CountsBody } },
      config: { scope: 'reminders:read' },
    },
    () => countsOf(sql, ONCE),
  );

  app.get(
    '/v1/reminders/:id',
    {
      schema: { tags, summary: 'One reminder', params, response: { 200: ReminderBody } },
      config: { scope: 'reminders:read' },
    },
    async (request) => toBody(await getTimer(sql, request.params.id)),
  );

  app.delete(
    '/v1/reminders/:id',
    {
      schema: { tags, summary: 'Cancels a reminder that has not fired', params, response: { 200: ReminderBody } },
      config: { scope: 'reminders:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) =>
        toBody(await cancelTimer(tx, request.params.id, clock.now())),
      ),
  );

  app.get(
    '/v1/customers/:customerId/reminders',
    {
      schema: {
        tags,
        summary: "A customer's reminders, latest due first",
        params: Type.Object({ customerId: fields.CustomerId }),
        querystring: Type.Object({
          status: Type.Optional(TimerStatusName),
          limit: Type.Integer({ minimum: 1, maximum: MAX_LIST, default: 100 }),
        }),
        response: { 200: ReminderList },
      },
      config: { scope: 'reminders:read' },
    },
    async (request) => ({ reminders: (await listTimers(sql, request.params.customerId, request.query)).map(toBody) }),
  );
};
