export { AppError, type ErrorDetails, type ErrorKind, type FieldProblem, isFinal, messageOf } from './app-error.ts';
export { assert, present } from './assert.ts';
export { type Clock, createFakeClock, type FakeClock, systemClock } from './clock.ts';
export { toLatinDigits, toPersianDigits } from './digits.ts';
export { addDuration, earliest, isBefore, isDuration, millisBetween } from './durations.ts';
export { idFrom, newId } from './ids.ts';
export type { Log } from './log.ts';
export { type Money, minorDigits, mulDivFloor, parseMinor } from './money.ts';
export { continueTrace, traceIdOf } from './trace.ts';
