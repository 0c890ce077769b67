import type { HttpApp } from '@vafa/platform';
import type { HttpRequest } from './request.ts';

/** Of a body beyond the limit, this much and for this long is read and forgotten; more, and the connection is cut. */
const MAX_DRAINED_BYTES = 64 * 1_048_576;
const MAX_DRAIN_MS = 5_000;

/** A refusal that HTTP has its own status for. */
class BodyTooLarge extends Error {
  readonly statusCode = 413;
}

/**
 * Refuses a body that is too large by its own announcement. A connection closed on a client that is still sending is
 * reset by the kernel, which throws away the answer on its way: so the rest of the body is taken off the wire first.
 */
export const refuseLargeBodies = (app: HttpApp, limitBytes: number): void => {
  app.addHook('onRequest', async (request) => {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced <= limitBytes) return;
    if (announced <= MAX_DRAINED_BYTES) await drain(request);
    throw new BodyTooLarge(`the body has ${announced} bytes; at most ${limitBytes} are allowed`);
  });
};

/** Resolves when the body is read, the client has left, or the time is up: whichever, the answer is the same. */
const drain = ({ raw }: HttpRequest): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, MAX_DRAIN_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    if (raw.destroyed) return done();
    raw.once('end', done).once('close', done).once('error', done).resume();
  });
