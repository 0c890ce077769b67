import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { newId } from '@vafa/kernel';

export interface Answered {
  status: number;
  json: { reservationId?: string };
  /** How long it took, in milliseconds. */
  ms: number;
}

/** Where a ledger listens, and the API key to ask it with. */
export interface LedgerDoor {
  url: string;
  apiKey: string;
}

/** Times one request to the ledger. `fetch` takes 120 µs of a processor that services need, this 45 µs. */
export const createAsk = ({ url, apiKey }: LedgerDoor) => {
  const agent = new Agent({ keepAlive: true });
  return async (path: string, body: unknown): Promise<Answered> => {
    const begun = performance.now();
    const payload = JSON.stringify(body);
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
        authorization: `Bearer ${apiKey}`,
        'idempotency-key': newId(),
      };
      const sent = request(`${url}${path}`, { method: 'POST', agent, headers }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode as number, body }), reject);
      });
      sent.on('error', reject);
      sent.end(payload);
    });
    const ms = performance.now() - begun;
    return { status: answer.status, json: JSON.parse(answer.body) as Answered['json'], ms };
  };
};
