import type { CallOutcome } from '../../domain/call-outcome.ts';

/** What nodemailer says of a failed hand-over. */
export interface SmtpFailure {
  /** nodemailer's own code: ECONNECTION, EAUTH, EENVELOPE … */
  code?: string | undefined;
  /** The step that failed: CONN, EHLO, AUTH …, MAIL FROM, RCPT TO, DATA. */
  command?: string | undefined;
  /** The server's reply, if there was one. */
  responseCode?: number | undefined;
  response?: string | undefined;
}

/** Replies (RFC 3463) that say: there is no such mailbox, and there won't be. */
const HARD_BOUNCES = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.10', '5.2.1']);
/** The same in servers that give no enhanced code, when said of the recipient. */
const HARD_REPLIES = new Set([550, 551, 553]);

const OUR_FAULT = new Set(['EAUTH', 'ENOAUTH', 'EOAUTH2', 'ETLS', 'EREQUIRETLS', 'ECONFIG', 'EPROXY']);

const TOO_LARGE = 552;

const enhancedOf = (response: string | undefined): string | undefined =>
  /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];

const isBadAddress = ({ command, responseCode, response }: SmtpFailure): boolean => {
  const enhanced = enhancedOf(response);
  if (enhanced) return HARD_BOUNCES.has(enhanced);
  return command === 'RCPT TO' && HARD_REPLIES.has(responseCode ?? 0);
};

/**
 * Reads a failure.
 * @param dataBegun whether any of the message itself was written: before that, nothing can have been accepted
 */
export const outcomeOfFailure = (failure: SmtpFailure, dataBegun: boolean): CallOutcome => {
  const { code = 'smtp_error', command = '', responseCode } = failure;
  if (OUR_FAULT.has(code)) return { kind: 'channel_down', code: `smtp_${code.toLowerCase()}` };
  if (responseCode === undefined) {
    const name = `smtp_${code.toLowerCase()}`;
    return dataBegun ? { kind: 'unknown', code: name } : { kind: 'try_later', code: name };
  }
  const name = `smtp_${enhancedOf(failure.response) ?? responseCode}`;
  if (responseCode < 500) return { kind: 'try_later', code: name };
  // Refused before a recipient was named: it is the server, the login or the sender, so nobody's mail can go.
  if (command !== 'RCPT TO' && command !== 'DATA' && responseCode !== TOO_LARGE)
    return { kind: 'channel_down', code: name };
  return { kind: 'refused', code: name, badAddress: isBadAddress(failure) };
};
