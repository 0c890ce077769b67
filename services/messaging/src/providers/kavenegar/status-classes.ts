/**
 * What a `return.status` of Kavenegar asks us to do. ok · later: again with the same local id · unknown: ask first ·
 * down: nobody's message can go, because of the account (an operator is needed) or because we called too often (429, 451:
 * calling on makes it worse) · recipient, content: never, for this one.
 */
export type StatusClass = 'ok' | 'later' | 'unknown' | 'down' | 'recipient' | 'content';

const CLASSES: Readonly<Record<Exclude<StatusClass, 'unknown'>, readonly number[]>> = {
  ok: [200],
  later: [409],
  down: [401, 403, 407, 412, 416, 418, 424, 426, 427, 429, 451, 501, 607],
  recipient: [411],
  content: [400, 404, 405, 406, 413, 414, 415, 417, 419, 420, 422, 428, 431, 432, 604],
};

const CLASS_OF = new Map(
  Object.entries(CLASSES).flatMap(([name, statuses]) =>
    statuses.map((status) => [status, name as StatusClass] as const),
  ),
);

/** 402 ("operation failed") and statuses nobody has documented leave it open whether the messages were taken. */
export const classOfStatus = (status: number): StatusClass => CLASS_OF.get(status) ?? 'unknown';

/**
 * Refusals that one message of many may have caused, so that the rest can go in smaller calls: receptor, empty or long
 * text, link, character.
 */
const BY_ONE_OF_MANY = new Set([411, 413, 420, 422]);
export const mayBeOneOfMany = (status: number): boolean => BY_ONE_OF_MANY.has(status);
