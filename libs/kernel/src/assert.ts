/**
 * States what must be true if our own code is right; the world's mistakes are refused with AppError instead.
 * @throws Error when the claim is false
 */
export function assert(claim: unknown, what: string): asserts claim {
  if (!claim) throw new Error(`assertion failed: ${what}`);
}

/** Narrows away undefined and null where our own code guarantees a value. @throws Error when it is missing */
export const present = <T>(value: T | undefined | null, what: string): T => {
  assert(value !== undefined && value !== null, `${what} is present`);
  return value;
};
