import { randomBytes } from 'node:crypto';

const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NO_TRACE = '0'.repeat(32);

/** The trace id within a W3C `traceparent`, if it is one. */
export const traceIdOf = (traceparent: string | undefined): string | undefined => {
  const match = FORM.exec(traceparent ?? '');
  return match && match[1] !== NO_TRACE ? match[1] : undefined;
};

/** A new span in the trace of `parent`, or in a new trace where there is none (W3C Trace Context, version 00). */
export const continueTrace = (parent?: string): string => {
  const traceId = traceIdOf(parent) ?? randomBytes(16).toString('hex');
  return `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
};
