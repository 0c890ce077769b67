import type { Log } from '@vafa/kernel';
import { type logCreator, logLevel } from 'kafkajs';

/**
 * Answers of brokers that kafkajs tries again by itself (a coordinator that loads, a topic that another just made), and the
 * end of a consumer, which we are told of by its event.
 */
const TOLD_OTHERWISE = /^(Response |Crash: )/;

/**
 * kafkajs's log lines through ours. Its INFO is chatter, and what it calls an ERROR is often mended by its own next try:
 * both go to debug. What is not mended comes to us as an exception.
 */
export const kafkaLog =
  (log: Log): logCreator =>
  () =>
  ({ level, log: { message, timestamp: _timestamp, logger: _logger, ...fields } }) => {
    if (level === logLevel.ERROR && !TOLD_OTHERWISE.test(message)) log.warn({ kafka: fields }, message);
    else log.debug({ kafka: fields }, message);
  };
