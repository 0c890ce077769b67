/** Stable reasons, for callers that act on them; people read the message. */
export type LocalPostgresErrorCode =
  | 'bad_setting'
  | 'binaries_missing'
  | 'binaries_unusable'
  | 'data_damaged'
  | 'disk_full'
  | 'lock_timeout'
  | 'no_account'
  | 'not_writable'
  | 'password_lost'
  | 'port_in_use'
  | 'start_failed'
  | 'start_timeout'
  | 'stop_timeout'
  | 'wrong_version';

/** The local PostgreSQL cannot be used; `message` is one line that says what to do about it. */
export class LocalPostgresError extends Error {
  readonly code: LocalPostgresErrorCode;

  constructor(code: LocalPostgresErrorCode, message: string, cause?: unknown) {
    super(message.replace(/\s+/g, ' ').trim(), cause === undefined ? undefined : { cause });
    this.name = 'LocalPostgresError';
    this.code = code;
  }
}
