import { AppError } from '@vafa/kernel';
import type { HttpApp } from '@vafa/platform';
import Type from 'typebox';
import { readReply, readSenderNumber } from '../domain/inbound-sms.ts';
import { isSameSecret } from '../links/unsubscribe-link.ts';
import { type MessagingContext, partsOf } from '../parts.ts';
import { receiveByProviderIds } from '../use-cases/apply-receipts.ts';
import { optInByPhone, optOutByPhone } from '../use-cases/opt-out.ts';
import { acceptForms, lowerCaseFields } from './public-body.ts';

const tags = ['callbacks'];
const params = Type.Object({ secret: Type.String({ maxLength: 200 }) });
const methods = ['GET', 'POST'] as ['GET', 'POST'];

/** Callbacks are not signed: who does not know the path is nobody. @throws AppError not_found */
const checkSecret = async (context: MessagingContext, given: string): Promise<void> => {
  if (!isSameSecret(given, await partsOf(context).callbackSecret()))
    throw new AppError('not_found', 'http.no_route', 'not found');
};

/** A status report of Kavenegar. What can't be read is answered with 200 too: repeating it would not mend it. */
const takeStatus = async (context: MessagingContext, given: Map<string, string>): Promise<void> => {
  const { sql, clock, config, wake, log } = context;
  const id = given.get('messageid') ?? '';
  const status = Number(given.get('status') ?? Number.NaN);
  if (!/^\d{1,19}$/.test(id) || !Number.isInteger(status)) {
    log.warn({ fields: [...given.keys()].slice(0, 20) }, 'a status callback could not be read');
    return;
  }
  const now = clock.now();
  const nextPollAt = now.add({ milliseconds: config.MESSAGING_RECEIPT_POLL_MS });
  await sql.begin((tx) => receiveByProviderIds(tx, 'sms', new Map([[id, status]]), now, nextPollAt));
  wake();
};

/** An SMS that a customer sent to our line. Only the words of the law are understood; the rest is the shop's to read. */
const takeInbound = async (context: MessagingContext, given: Map<string, string>): Promise<void> => {
  const { sql, clock, wake } = context;
  const phone = readSenderNumber(given.get('from') ?? '');
  const reply = readReply(given.get('message') ?? '');
  if (!phone || !reply) return;
  await sql.begin((tx) => (reply === 'opt_out' ? optOutByPhone : optInByPhone)(tx, phone, clock.now()));
  wake();
};

/** What Kavenegar calls: status reports and incoming SMS, by GET or POST, as query, form or JSON. */
export const callbackRoutes = async (app: HttpApp, context: MessagingContext): Promise<void> => {
  await app.register(async (instance) => {
    const scope = instance as unknown as HttpApp;
    acceptForms(scope);
    const doors = [
      { path: 'status', summary: 'Status of a sent SMS (set as status callback of the line)', take: takeStatus },
      {
        path: 'inbound',
        summary: 'An SMS to the line (set as receive callback): 11 leaves, 12 joins',
        take: takeInbound,
      },
    ];
    for (const { path, summary, take } of doors) {
      scope.route({
        method: methods,
        url: `/v1/receipts/kavenegar/:secret/${path}`,
        schema: { tags, summary, params },
        config: { scope: 'public' },
        handler: async (request, reply) => {
          await checkSecret(context, request.params.secret);
          await take(context, lowerCaseFields(request.query, request.body));
          return reply.code(200).send({ ok: true });
        },
      });
    }
  });
};
