import { AppError } from '@vafa/kernel';
import { isLoopback } from '../loopback.ts';

/** Where and how mail is handed over. */
export interface SmtpServer {
  host: string;
  port: number;
  /** TLS from the first byte (smtps). */
  secure: boolean;
  /** Refuse to go on when the server offers no STARTTLS: passwords and addresses would cross the network in clear. */
  requireTLS: boolean;
  auth?: { user: string; pass: string };
}

const SUBMISSION_PORT = 587;
const SMTPS_PORT = 465;

/** Reads `smtp://user:password@host:587`. @throws AppError invalid that does not show the URL: it holds the password */
export const readSmtpUrl = (text: string): SmtpServer => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const secure = url?.protocol === 'smtps:';
  if (!url?.hostname || (!secure && url.protocol !== 'smtp:'))
    throw new AppError(
      'invalid',
      'messaging.smtp_url',
      'MESSAGING_SMTP_URL must be smtp://user:password@host:port or smtps://…',
    );
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: url.port === '' ? (secure ? SMTPS_PORT : SUBMISSION_PORT) : Number(url.port),
    secure,
    requireTLS: !secure && !isLoopback(host),
    ...(url.username
      ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
      : {}),
  };
};
