import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { SmsBehaviour, SmsCalls } from '../chaos/sms-behaviour.ts';
import type { SmsPlay } from '../chaos/sms-script.ts';
import type { SandboxLog } from '../log.ts';
import { type Account, getDate } from './account.ts';
import { lookUpByLocalId, lookUpByMessageId } from './look-up.ts';
import type { Accepted, MessageBook, SmsDraft, SmsRecord } from './message-book.ts';
import { type Parameters, readParameters } from './parameters.ts';
import { judge, type ReadRequest, readSend, readSendArray } from './send.ts';
import { answerAs, sendAnswer } from './spoil-answer.ts';
import { granted, messageStatusTexts, type Outcome, refused } from './status-codes.ts';

// 200 texts of 1,800 Persian characters, percent-encoded, come to 4 MB at the very most.
const bodyLimitBytes = 4_194_304;
const connectionLimit = 2_000;

/** What the fake Kavenegar stands on. */
export interface SmsServerParts {
  apiKey: string;
  defaultSender: string;
  now: () => number;
  dedupe: () => boolean;
  play: SmsPlay;
  book: MessageBook;
  account: Account;
  onAccepted: (record: SmsRecord) => void;
  onBehaviour: (behaviour: SmsBehaviour) => void;
  log: SandboxLog;
}

const entryOf = (book: MessageBook, record: SmsRecord) => {
  const status = book.statusOf(record);
  return {
    messageid: record.messageId,
    message: record.text,
    status,
    statustext: messageStatusTexts[status],
    sender: record.sender,
    receptor: record.receptor,
    date: Math.floor(record.acceptedAtMs / 1_000),
    cost: record.costRial,
  };
};

const acceptAll = (parts: SmsServerParts, drafts: SmsDraft[]): Accepted[] | undefined => {
  const { account, book, dedupe } = parts;
  const isNew = ({ localId }: SmsDraft) => !dedupe() || localId === undefined || !book.byLocalId(localId);
  const costRial = drafts.filter(isNew).reduce((sum, draft) => sum + draft.costRial, 0);
  if (costRial > account.creditRial()) return undefined;
  const accepted = book.accept(drafts, dedupe());
  const paid = accepted.filter(({ repeated }) => !repeated);
  account.setCreditRial(account.creditRial() - paid.reduce((sum, { record }) => sum + record.costRial, 0));
  for (const { record } of paid) parts.onAccepted(record);
  return accepted;
};

const send = (parts: SmsServerParts, request: ReadRequest, behaviour: SmsBehaviour): Outcome => {
  if ('status' in request) return refused(request.status);
  const scripted = behaviour.kind === 'ok' ? behaviour.delivery : undefined;
  const drafts = judge(request, parts.now(), () => scripted ?? parts.play.takeDelivery());
  if ('status' in drafts) return refused(drafts.status);
  const accepted = acceptAll(parts, drafts);
  return accepted ? granted(accepted.map(({ record }) => entryOf(parts.book, record))) : refused(418);
};

interface Call {
  calls: SmsCalls;
  postOnly?: boolean;
  run: (parts: SmsServerParts, parameters: Parameters, behaviour: SmsBehaviour) => Outcome;
}

const calls: Record<string, Call> = {
  'sms/send': {
    calls: 'send',
    run: (parts, parameters, behaviour) => send(parts, readSend(parameters, parts.defaultSender), behaviour),
  },
  'sms/sendarray': {
    calls: 'send',
    postOnly: true,
    run: (parts, parameters, behaviour) => send(parts, readSendArray(parameters), behaviour),
  },
  'sms/status': { calls: 'status', run: ({ book, now }, parameters) => lookUpByMessageId(book, parameters, now()) },
  'sms/statuslocalmessageid': {
    calls: 'status',
    run: ({ book, now }, parameters) => lookUpByLocalId(book, parameters, now()),
  },
  'account/info': { calls: 'account', run: ({ account }) => account.info() },
  'account/config': { calls: 'account', run: ({ account }, parameters) => account.config(parameters) },
  'utils/getdate': { calls: 'account', run: ({ now }) => getDate(now()) },
};

interface Path {
  apiKey: string;
  scope: string;
  method: string;
}

const answer = (parts: SmsServerParts, request: FastifyRequest<{ Params: Path }>, reply: FastifyReply) => {
  const { apiKey, scope, method } = request.params;
  const name = `${scope}/${method.replace(/\.json$/, '')}`;
  const call = method.endsWith('.json') ? calls[name] : undefined;
  if (call === undefined) return sendAnswer(reply, refused(404));
  if (apiKey !== parts.apiKey && !(apiKey === '0' && name === 'utils/getdate')) return sendAnswer(reply, refused(403));
  if (call.postOnly && request.method !== 'POST') return sendAnswer(reply, refused(405));
  const parameters = readParameters(request.query, request.body);
  if (parameters === undefined) return sendAnswer(reply, refused(400));
  const behaviour = parts.play.take(call.calls);
  if (behaviour.kind !== 'ok') parts.onBehaviour(behaviour);
  return answerAs(reply, behaviour, () => call.run(parts, parameters, behaviour));
};

/** The fake Kavenegar's HTTP face: `/v1/{apiKey}/{scope}/{method}.json`, GET or POST with a form. */
export const createSmsServer = async (parts: SmsServerParts): Promise<FastifyInstance> => {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  });
  app.server.maxConnections = connectionLimit;
  // The API knows forms only: a JSON body is to it a call without parameters.
  app.removeAllContentTypeParsers();
  await app.register(formbody, { bodyLimit: bodyLimitBytes });
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, {}));
  app.route<{ Params: Path }>({
    method: ['GET', 'POST'],
    url: '/v1/:apiKey/:scope/:method',
    handler: async (request, reply) => answer(parts, request, reply),
  });
  app.setNotFoundHandler((_request, reply) => sendAnswer(reply, refused(404)));
  app.setErrorHandler((error, _request, reply) => {
    const code = (error as { code?: unknown }).code;
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return sendAnswer(reply, refused(414), 413);
    // The message of a form or file error may hold what was sent: only its code is told.
    parts.log.error({ code }, 'the fake Kavenegar failed on a call');
    return sendAnswer(reply, refused(409), 500);
  });
  return app;
};
