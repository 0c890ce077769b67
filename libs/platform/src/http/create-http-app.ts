import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { continueTrace, newId, traceIdOf } from '@vafa/kernel';
import Fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { Histogram } from 'prom-client';
import type { ApiKey } from '../auth/api-keys.ts';
import type { PlatformSettings } from '../config/platform-settings.ts';
import { REFUSALS, shownSchema } from './api-pages.ts';
import type { HttpApp } from './app.ts';
import { authenticate } from './authenticate.ts';
import { Problem, problemOf } from './problem.ts';
import { createValidatorCompiler } from './validator.ts';

export interface HttpAppOptions {
  service: string;
  title: string;
  settings: PlatformSettings;
  log: FastifyBaseLogger;
  metrics: Registry;
  findKey: (secret: string) => Promise<ApiKey | undefined>;
}

const REQUEST_ID = /^[\w.-]{1,64}$/;
const DOCS = '/docs';
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40" viewBox="0 0 120 40">
<path d="M20 33S6 24 6 15a7 7 0 0 1 14-2 7 7 0 0 1 14 2c0 9-14 18-14 18z" fill="#5b7cfa"/>
<text x="44" y="28" font-family="system-ui, sans-serif" font-size="24" font-weight="600" fill="#fff">Vafa</text></svg>`;

/** Any error as problem+json, with the headers that belong to it. */
const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
  const { body, unexpected } = problemOf(error, request.id);
  if (unexpected) request.log.error({ err: error, route: request.routeOptions.url }, 'request failed unexpectedly');
  const retryAfter = body.retryAfterSeconds;
  if (typeof retryAfter === 'number') reply.header('retry-after', String(Math.ceil(retryAfter)));
  if (body.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(body.status).type('application/problem+json').serializer(JSON.stringify).send(body);
};

/**
 * A service's HTTP server before it listens: OpenAPI pages, problem+json errors, API keys with scopes, limits, security
 * headers, request ids, traces, times. A route that names no scope is refused at start-up.
 */
export const createHttpApp = async (options: HttpAppOptions): Promise<HttpApp> => {
  const { service, title, settings, log, metrics, findKey } = options;
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.HTTP_BODY_LIMIT_BYTES,
    requestTimeout: settings.HTTP_REQUEST_TIMEOUT_MS,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 256 },
    // What is refused before a route is found, as a path that is no UTF-8.
    frameworkErrors: answerError,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
    },
  }) as unknown as HttpApp;
  app.setValidatorCompiler(createValidatorCompiler());
  app.addSchema(Problem);

  const seconds = new Histogram({
    name: 'vafa_http_seconds',
    help: 'Seconds per request',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [metrics],
  });

  app.addHook('onRoute', (route) => {
    if (route.config?.scope === undefined && !route.url.startsWith(DOCS))
      throw new Error(`${service}: route ${route.url} names no scope`);
    // Every route's page lists the shape of its errors.
    if (route.schema && !route.schema.hide && route.config?.scope !== 'public')
      route.schema.response = { ...REFUSALS, ...(route.schema.response as object | undefined) };
  });
  app.decorateRequest('traceparent', '');
  app.addHook('onRequest', async (request, reply) => {
    const given = request.headers.traceparent;
    request.traceparent = continueTrace(typeof given === 'string' ? given : undefined);
    reply.header('x-request-id', request.id);
    const { scope } = request.routeOptions.config;
    if (scope === undefined || scope === 'public') return;
    request.apiKey = await authenticate(request, scope, findKey);
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    if (reply.statusCode >= 500)
      request.log.warn({ route, status: reply.statusCode, traceId: traceIdOf(request.traceparent) }, 'request failed');
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const body = { type: 'urn:vafa:error:http.no_route', title: 'Not found', status: 404, code: 'http.no_route' };
    return reply
      .code(404)
      .type('application/problem+json')
      .send({
        ...body,
        detail: `no route ${request.method} ${request.url.split('?')[0]}; see ${DOCS}`,
        instance: request.id,
      });
  });

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version: '1.0.0' },
      components: {
        securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: vafa_…' } },
      },
      security: [{ apiKey: [] }],
    },
    transform: ({ schema, url }) => ({ schema: schema && shownSchema(schema), url }),
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema-${i}`) },
  });
  await app.register(swaggerUi, {
    routePrefix: DOCS,
    staticCSP: true,
    theme: { title: `${title} · API` },
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO) },
  });
  await app.register(helmet, { contentSecurityPolicy: false, hsts: false });
  await app.register(rateLimit, {
    max: settings.HTTP_RATE_LIMIT_PER_MINUTE,
    timeWindow: 60_000,
    keyGenerator: (request) => request.apiKey?.id ?? request.ip,
    hook: 'preHandler',
  });
  app.get('/openapi.json', { schema: { hide: true }, config: { scope: 'public' } }, () => app.swagger());
  return app;
};
