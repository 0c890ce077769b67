import type { FastifyReply } from 'fastify';
import type { SmsBehaviour } from '../chaos/sms-behaviour.ts';
import { envelopeOf, httpStatusOf, type Outcome, refused } from './status-codes.ts';

const jsonType = 'application/json; charset=utf-8';

const htmlPage = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body>\r\n</html>\r\n`;

const sendHtml = (reply: FastifyReply, code: number, title: string) =>
  reply.code(code).type('text/html').send(htmlPage(title));

/** A dead connection, as a crashed proxy leaves it: RST, not FIN. */
const reset = (reply: FastifyReply) => {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
};

const sendHalf = (reply: FastifyReply, body: string) => {
  reply.hijack();
  const bytes = Buffer.from(body);
  reply.raw.writeHead(200, { 'content-type': jsonType, 'content-length': bytes.length });
  reply.raw.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => reply.raw.socket?.destroy());
};

/** Gives the answer whole. */
export const sendAnswer = (reply: FastifyReply, outcome: Outcome, httpStatus = httpStatusOf(outcome.status)) =>
  reply.code(httpStatus).type(jsonType).send(envelopeOf(outcome));

/**
 * Answers as the behaviour says. `carryOut` does the call's work; the behaviours that do not accept never run it.
 */
export const answerAs = (reply: FastifyReply, behaviour: SmsBehaviour, carryOut: () => Outcome) => {
  switch (behaviour.kind) {
    case 'ok':
      return sendAnswer(reply, carryOut());
    case 'status':
      return sendAnswer(reply, refused(behaviour.status), behaviour.httpStatus);
    case 'html502':
      return sendHtml(reply, 502, '502 Bad Gateway');
    case 'hang':
      return reply.hijack();
    case 'resetBeforeAccept':
      return reset(reply);
    case 'truncated':
      return sendHalf(reply, envelopeOf(carryOut()));
    case 'acceptThen500':
      carryOut();
      return sendHtml(reply, 500, '500 Internal Server Error');
    case 'acceptThenHang':
      carryOut();
      return reply.hijack();
    case 'acceptThenReset':
      carryOut();
      return reset(reply);
  }
};
