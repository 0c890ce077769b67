import type { Tx } from '@vafa/bus';

export interface KeptAnswer {
  requestHash: string;
  body: string;
}

/** Takes the key for the length of the transaction; false when another request holds it now, in this process or another. */
export const tryHoldKey = async (tx: Tx, key: string): Promise<boolean> => {
  const [row] = await tx<{ held: boolean }[]>`select pg_try_advisory_xact_lock(hashtextextended(${key}, 7)) as held`;
  return row?.held === true;
};

export const findKeptAnswer = async (tx: Tx, key: string): Promise<KeptAnswer | undefined> => {
  const [row] = await tx<
    KeptAnswer[]
  >`select request_hash as "requestHash", body from idempotency_key where key = ${key}`;
  return row;
};

export const keepAnswer = async (
  tx: Tx,
  answer: KeptAnswer & { key: string; status: number },
  now: Temporal.Instant,
): Promise<void> => {
  await tx`insert into idempotency_key (key, request_hash, status, body, created_at)
    values (${answer.key}, ${answer.requestHash}, ${answer.status}, ${answer.body}, ${now.toString()}::timestamptz)`;
};
