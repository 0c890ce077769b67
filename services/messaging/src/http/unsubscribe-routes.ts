import type { HttpApp } from '@vafa/platform';
import Type from 'typebox';
import { readUnsubscribeToken } from '../links/unsubscribe-link.ts';
import { type MessagingContext, partsOf } from '../parts.ts';
import { findMessage } from '../store/message-reads.ts';
import { optOutByMessage } from '../use-cases/opt-out.ts';
import { acceptForms } from './public-body.ts';
import { unsubscribePage } from './unsubscribe-page.ts';

const tags = ['unsubscribe'];
const params = Type.Object({ token: Type.String({ maxLength: 200 }) });

/**
 * The way out of e-mails (RFC 8058): POST unsubscribes at once, without a question, a login or a redirect, and again does
 * no harm; GET shows a page with a button.
 */
export const unsubscribeRoutes = async (app: HttpApp, context: MessagingContext): Promise<void> => {
  const { sql, clock, wake, config } = context;
  const messageOf = async (token: string) => {
    const id = readUnsubscribeToken(token, await partsOf(context).linkSecret());
    return id === undefined ? undefined : findMessage(sql, id);
  };
  await app.register(async (instance) => {
    const scope = instance as unknown as HttpApp;
    acceptForms(scope);
    scope.get(
      '/u/:token',
      {
        schema: { tags, summary: 'Asks whether to unsubscribe; changes nothing', params },
        config: { scope: 'public' },
      },
      async (request, reply) => {
        const message = await messageOf(request.params.token);
        const page = unsubscribePage(
          message?.locale ?? config.MESSAGING_DEFAULT_LOCALE,
          message ? 'question' : 'unknown',
        );
        return reply
          .code(message ? 200 : 404)
          .type('text/html; charset=utf-8')
          .send(page);
      },
    );
    scope.post(
      '/u/:token',
      {
        schema: { tags, summary: 'Unsubscribes from this purpose on this channel', params },
        config: { scope: 'public' },
      },
      async (request, reply) => {
        const message = await messageOf(request.params.token);
        if (message) {
          await sql.begin((tx) => optOutByMessage(tx, message.id, clock.now()));
          wake();
        }
        const page = unsubscribePage(message?.locale ?? config.MESSAGING_DEFAULT_LOCALE, message ? 'done' : 'unknown');
        return reply
          .code(message ? 200 : 404)
          .type('text/html; charset=utf-8')
          .send(page);
      },
    );
  });
};
