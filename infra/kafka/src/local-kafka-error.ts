/** Stable reasons, for callers that act on them; people read the message. */
export type LocalKafkaErrorCode =
  | 'already_running'
  | 'data_damaged'
  | 'died'
  | 'disk_full'
  | 'java_crashed'
  | 'java_missing'
  | 'java_too_old'
  | 'lock_timeout'
  | 'maven_failed'
  | 'maven_missing'
  | 'port_in_use'
  | 'start_failed'
  | 'start_timeout'
  | 'wrong_version';

/** The local Kafka cannot be used; `message` is one line that says what to do about it. */
export class LocalKafkaError extends Error {
  readonly code: LocalKafkaErrorCode;

  constructor(code: LocalKafkaErrorCode, message: string, cause?: unknown) {
    super(message.replace(/\s+/g, ' ').trim(), cause === undefined ? undefined : { cause });
    this.name = 'LocalKafkaError';
    this.code = code;
  }
}
