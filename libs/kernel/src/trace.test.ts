import { expect, test } from 'vitest';
import { continueTrace, traceIdOf } from './trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

test('a new span stays in the trace of its parent', () => {
  const child = continueTrace(PARENT);
  expect(traceIdOf(child)).toBe(TRACE);
  expect(child).not.toBe(PARENT);
  expect(child).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test.each([
  undefined,
  '',
  'garbage',
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  PARENT.toUpperCase(),
  `${PARENT}-more`,
])('where %j is the parent a new trace begins', (parent) => {
  expect(traceIdOf(parent)).toBeUndefined();
  const [one, two] = [continueTrace(parent), continueTrace(parent)];
  expect(traceIdOf(one)).toMatch(/^[0-9a-f]{32}$/);
  expect(traceIdOf(one)).not.toBe(traceIdOf(two));
});
