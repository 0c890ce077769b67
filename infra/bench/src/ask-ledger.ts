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

/** Times one request to the ledger: a POST, or a GET where there is no body. `fetch` takes 120 µs of a processor that services need, this 45 µs. */
export const createAsk = ({ url, apiKey }: LedgerDoor) => {
  const agent = new Agent({ keepAlive: true });
  return async (path: string, body?: unknown): Promise<Answered> => {
    const begun = performance.now();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const authorization = `Bearer ${apiKey}`;
      const posted = (text: string) => ({
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        'idempotency-key': newId(),
      });
      const headers = { authorization, ...(payload === undefined ? {} : posted(payload)) };
      const method = payload === undefined ? 'GET' : 'POST';
      const sent = request(`${url}${path}`, { method, agent, headers }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode as number, body }), reject);
      });
      sent.on('error', reject);
      sent.end(payload);
    });
    const ms = performance.now() - begun;
    return { status: answer.status, json: JSON.parse(answer.body) as Answered['json'], ms };
  };
};
