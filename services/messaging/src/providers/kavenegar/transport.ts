import { AppError } from '@vafa/kernel';
import kavenegar, { type kavenegar as Kavenegar } from 'kavenegar';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { isLoopback } from '../loopback.ts';

/** Largest answer that is read: 200 messages of 1,800 characters come back with it, escaped. */
const MAX_ANSWER_BYTES = 4_000_000;

const Envelope = Compile(
  Type.Object({
    return: Type.Object({ status: Type.Integer(), message: Type.Optional(Type.String()) }),
    entries: Type.Optional(Type.Unknown()),
  }),
);

/**
 * What a call came to. answered: Kavenegar itself said something · not_sent: it can't have received the request ·
 * unknown: it may have.
 */
export type Answer =
  | { kind: 'answered'; status: number; entries: unknown }
  | { kind: 'not_sent'; code: string }
  | { kind: 'unknown'; code: string };

/** The calls we make, typed as the API wants them and not as the package's typings say. */
export interface KavenegarApi {
  send(params: {
    sender: string;
    message: string;
    receptor: readonly string[];
    localid: readonly string[];
  }): Promise<Answer>;
  sendArray(params: {
    sender: readonly string[];
    message: readonly string[];
    receptor: readonly string[];
    /** By this very name: `localmessageid` and `localid`, as other SDKs call it, are ignored and nothing is deduplicated. */
    localmessageids: readonly string[];
  }): Promise<Answer>;
  status(params: { messageid: readonly string[] }): Promise<Answer>;
  statusByLocalId(params: { localid: readonly string[] }): Promise<Answer>;
}

export interface TransportOptions {
  baseUrl: string;
  /** Stands in every URL, so no URL and no error that may hold one is ever logged. */
  apiKey: string;
  timeoutMs: number;
}

/** Codes of errors that happen before a byte of the request is written. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

const codeOf = (error: unknown): string => {
  const { name, code, cause } = error as { name?: string; code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? (name ?? 'error') : codeOf(cause);
};

/** csv for plain calls, JSON for sendarray; what is absent is left out (the package would send it as an empty text). */
const formOf = (method: string, params: object): URLSearchParams => {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) form.set(name, method === 'sendarray' ? JSON.stringify(value) : value.join(','));
    else form.set(name, String(value));
  }
  return form;
};

/** Reads a body up to the limit. */
const readBody = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw Object.assign(new Error('answer too large'), { code: 'answer_too_large' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const readAnswer = (text: string, httpStatus: number): Answer => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: 'unknown', code: `http_${httpStatus}` };
  }
  if (!Envelope.Check(body)) return { kind: 'unknown', code: `http_${httpStatus}` };
  const { status } = body.return;
  // A gateway's error around an answer that says "accepted" proves nothing.
  if (status === 200 && (httpStatus < 200 || httpStatus > 299)) return { kind: 'unknown', code: `http_${httpStatus}` };
  return { kind: 'answered', status, entries: body.entries };
};

/** @throws AppError invalid when the address is no URL, or not https though it is not this machine itself */
const checkBaseUrl = (baseUrl: string): URL => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw new AppError(
    'invalid',
    'messaging.kavenegar_url',
    'MESSAGING_KAVENEGAR_BASE_URL must be https, or http on this machine itself',
  );
};

/**
 * The Kavenegar API over the npm package's endpoint map. The package's own transport is replaced: it speaks plain HTTP,
 * has no time-out, never calls back when an answer is cut off, and calls back twice when the callback throws.
 */
export const createKavenegarApi = ({ baseUrl, apiKey, timeoutMs }: TransportOptions): KavenegarApi => {
  const base = checkBaseUrl(baseUrl);
  const call = async (action: string, method: string, params: object): Promise<Answer> => {
    const url = new URL(`/v1/${encodeURIComponent(apiKey)}/${action}/${method}.json`, base);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, { method: 'POST', body: formOf(method, params), redirect: 'error', signal });
      return readAnswer(await readBody(response), response.status);
    } catch (error) {
      const code = codeOf(error);
      return { kind: NOT_SENT.has(code) ? 'not_sent' : 'unknown', code };
    }
  };
  const api = kavenegar.KavenegarApi({ apikey: apiKey });
  api.request = (action, method, params, callback: (answer: Answer) => void) => {
    // The callback runs outside of any try of ours: what it throws is its own.
    void call(action, method, params).then((answer) => queueMicrotask(() => callback(answer)));
  };
  const ask = <Params>(run: (params: never, callback: never) => void, params: Params): Promise<Answer> =>
    new Promise((resolve) => run.call(api, params as never, resolve as never));
  const methods = api as Kavenegar.KavenegarInstance;
  return {
    send: (params) => ask(methods.Send, params),
    sendArray: (params) => ask(methods.SendArray, params),
    status: (params) => ask(methods.Status, params),
    statusByLocalId: (params) => ask(methods.StatusLocalMessageid, params),
  };
};
