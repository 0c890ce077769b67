import type { Sandbox } from './start-sandbox.ts';

/** An answer as a client of the fake Kavenegar reads it. */
export interface Answer {
  http: number;
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into JSON whose shape is what they check
  entries: any;
}

type Fields = Record<string, string>;

/** Posts a form as the real adapter does. */
export const call = async (
  sandbox: Sandbox,
  name: string,
  fields: Fields = {},
  apiKey = sandbox.apiKey,
): Promise<Answer> => {
  const response = await fetch(`${sandbox.smsUrl}/v1/${apiKey}/${name}.json`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(20_000),
  });
  const body = (await response.json()) as { return: { status: number }; entries: unknown };
  return { http: response.status, status: body.return.status, entries: body.entries };
};

/** Sends one SMS. */
export const send = (sandbox: Sandbox, localId: string, fields: Fields = {}): Promise<Answer> =>
  call(sandbox, 'sms/send', { receptor: '09121234567', message: 'سلام', localid: localId, ...fields });
