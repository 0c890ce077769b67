import type { Registry } from 'prom-client';
import type { HttpApp } from './app.ts';

export interface Readiness {
  ready: boolean;
  checks: Record<string, string>;
}

export interface ServiceStatus {
  service: string;
  /** Records on the bus not yet handled. */
  lag: number;
  outboxDepth: number;
  outboxOldestSeconds: number;
  deadLetters: { parked: number; waiting: number };
}

/** /live (the process works), /ready (it can do its job), /metrics, and /v1/status for whoever waits until all is done. */
export const healthRoutes = (
  app: HttpApp,
  parts: { metrics: Registry; readiness: () => Promise<Readiness>; status: () => Promise<ServiceStatus> },
): void => {
  const options = { schema: { hide: true }, config: { scope: 'public', rateLimit: false } } as const;
  app.get('/live', options, () => ({ live: true }));
  app.get('/ready', options, async (_request, reply) => {
    const readiness = await parts.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  app.get('/metrics', options, async (_request, reply) =>
    reply.type(parts.metrics.contentType).send(await parts.metrics.metrics()),
  );
  app.get('/v1/status', options, () => parts.status());
};
