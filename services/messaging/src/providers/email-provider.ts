import type { CallOutcome } from '../domain/call-outcome.ts';

/** One e-mail on its way out. */
export interface EmailItem {
  messageId: number;
  /** With angle brackets; the same at every attempt, so that a doubled mail shows once. */
  messageIdHeader: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Present on mail that carries a way out (RFC 8058). */
  unsubscribeUrl: string | null;
}

/** A way to send e-mail. What the network or the server does is an outcome, never a throw. */
export interface EmailProvider {
  send(item: EmailItem): Promise<CallOutcome>;
  close(): void;
}
