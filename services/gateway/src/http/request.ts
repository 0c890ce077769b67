import type { idempotent, requestHash } from '@vafa/platform';

/** The platform's request and reply, without a dependency on the HTTP library itself. */
export type HttpRequest = Parameters<typeof requestHash>[0];
export type HttpReply = Parameters<typeof idempotent>[2];
