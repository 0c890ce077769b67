import { readFileSync } from 'node:fs';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { parseChaos, type SandboxChaos } from '../chaos/sandbox-chaos.ts';
import type { SandboxLog } from '../log.ts';
import type { MessageStatus } from '../sms/status-codes.ts';
import type { Inbox, InboxFilter } from './inbox.ts';
import { framedMail, mailContentPolicy } from './mail-html.ts';
import { viewOf } from './message-view.ts';
import { inboxPage } from './page.ts';

const pageLimit = 1_000;
const bodyLimitBytes = 16_384;

const pageContentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const asset = (name: string): string => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');

/** What the inbox page stands on. */
export interface InboxServerParts {
  inbox: Inbox;
  /** Bound to this host; on a loopback host requests for other host names are refused. */
  host: string;
  limitCount: number;
  statusOf: (messageId: number) => MessageStatus;
  chaosCounts: () => object;
  setChaos: (chaos: SandboxChaos) => void;
  now: () => number;
  log: SandboxLog;
}

const filterProperties = {
  channel: { enum: ['', 'sms', 'email'] },
  to: { type: 'string', maxLength: 320 },
} as const;

const limitedTo = (maximum: number) => ({ type: 'integer', minimum: 1, maximum }) as const;
const idSchema = { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } } as const;

interface Query {
  channel?: '' | 'sms' | 'email';
  to?: string;
  limit?: number;
  id?: number;
}

const filterOf = ({ channel, to, limit }: Query): InboxFilter => ({
  channel: channel || undefined,
  to: to || undefined,
  limit,
});

const servePage = (app: FastifyInstance, { inbox, statusOf, now }: InboxServerParts) => {
  const schema = {
    querystring: {
      type: 'object',
      properties: { ...filterProperties, limit: limitedTo(pageLimit), id: { type: 'integer', minimum: 1 } },
    },
  };
  app.get<{ Querystring: Query }>('/', { schema }, async (request, reply) => {
    const filter = filterOf(request.query);
    const openId = request.query.id;
    const open = openId === undefined ? undefined : inbox.get(openId);
    const sms = inbox.count({ channel: 'sms', to: filter.to });
    const email = inbox.count({ channel: 'email', to: filter.to });
    reply.header('content-security-policy', pageContentPolicy).type('text/html; charset=utf-8');
    return inboxPage({
      messages: inbox.list(filter).map((message) => viewOf(message, statusOf)),
      counts: { all: sms + email, sms, email },
      filter,
      open: open && viewOf(open, statusOf),
      openId,
      nowMs: now(),
    });
  });
  const serveAsset = (name: string, type: string) => {
    const content = asset(name);
    app.get(`/${name}`, async (_request, reply) => reply.type(type).send(content));
  };
  serveAsset('inbox.css', 'text/css; charset=utf-8');
  serveAsset('inbox.js', 'text/javascript; charset=utf-8');
};

const notKept = (reply: FastifyReply) => reply.code(404).send({ error: 'no such message is kept' });

const serveMessages = (app: FastifyInstance, { inbox, statusOf, limitCount }: InboxServerParts) => {
  const schema = {
    querystring: { type: 'object', properties: { ...filterProperties, limit: limitedTo(limitCount) } },
  };
  app.get<{ Querystring: Query }>('/messages', { schema }, async (request) => {
    const filter = filterOf(request.query);
    return {
      count: inbox.count(filter),
      messages: inbox.list(filter).map((message) => viewOf(message, statusOf)),
    };
  });
  app.get<{ Params: { id: number } }>('/messages/:id', { schema: { params: idSchema } }, async (request, reply) => {
    const message = inbox.get(request.params.id);
    if (message === undefined) return notKept(reply);
    const view = viewOf(message, statusOf);
    if (message.channel === 'sms') return view;
    const { html, headers, envelopeFrom } = message.mail;
    return { ...view, html, headers, envelopeFrom };
  });
  app.get<{ Params: { id: number } }>(
    '/messages/:id/html',
    { schema: { params: idSchema } },
    async (request, reply) => {
      const message = inbox.get(request.params.id);
      if (message?.channel !== 'email' || message.mail.html === undefined) return notKept(reply);
      reply.header('content-security-policy', mailContentPolicy).type('text/html; charset=utf-8');
      return framedMail(message.mail.html);
    },
  );
};

/** A fault run drives a sandbox in another process by this: it ends the chaos, then waits for calm. */
const serveChaos = (app: FastifyInstance, { chaosCounts, setChaos }: InboxServerParts) => {
  app.get('/chaos', async () => chaosCounts());
  app.put('/chaos', async (request, reply) => {
    try {
      setChaos(parseChaos(request.body));
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      return reply.code(400).send({ error: error.message });
    }
    return chaosCounts();
  });
};

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);
const hostName = (header: string | undefined): string => (header ?? '').replace(/:\d+$/, '');

/** The inbox over HTTP: page, JSON for tests, and the chaos switch. Call `listen` on what it returns. */
export const createInboxServer = (parts: InboxServerParts): FastifyInstance => {
  const app = fastify({ bodyLimit: bodyLimitBytes, forceCloseConnections: true });
  const isLoopback = loopbackNames.has(parts.host) || parts.host === '::1';
  app.addHook('onRequest', async (request, reply) => {
    // A web page elsewhere may point its own host name at 127.0.0.1 and so read this inbox as if it were its own.
    if (isLoopback && !loopbackNames.has(hostName(request.headers.host))) {
      return reply.code(403).send({ error: 'the inbox answers to loopback names only' });
    }
    reply.headers({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return reply.code(status).send({ error: error.message });
    parts.log.error({ code: error.code, name: error.name }, 'the inbox failed on a request');
    return reply.code(500).send({ error: 'the inbox failed on this request' });
  });
  servePage(app, parts);
  serveMessages(app, parts);
  serveChaos(app, parts);
  return app;
};
