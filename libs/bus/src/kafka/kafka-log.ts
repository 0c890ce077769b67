import type { Log } from '@vafa/kernel';
import { type logCreator, logLevel } from 'kafkajs';

/**
 * kafkajs's log lines through ours. Its INFO is chatter and goes to debug; group coordination errors that it mends by
 * itself are warnings.
 */
export const kafkaLog =
  (log: Log): logCreator =>
  () =>
  ({ level, log: { message, timestamp: _timestamp, logger: _logger, ...fields } }) => {
    if (level === logLevel.ERROR) log.warn({ kafka: fields }, message);
    else log.debug({ kafka: fields }, message);
  };
