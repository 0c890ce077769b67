import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 20;
const LIMIT_MS = 40_000;

/** Waits for a claim to come true. @throws Error that says what did not, and what there was instead */
export const until = async (
  what: string,
  claim: () => boolean | Promise<boolean>,
  { limitMs = LIMIT_MS, instead }: { limitMs?: number; instead?: () => Promise<unknown> } = {},
): Promise<void> => {
  const limit = performance.now() + limitMs;
  while (!(await claim())) {
    if (performance.now() > limit) {
      const found = instead ? `, instead: ${JSON.stringify(await instead())}` : '';
      throw new Error(`${what}: not within ${limitMs} ms${found}`);
    }
    await sleep(LOOK_MS);
  }
};
