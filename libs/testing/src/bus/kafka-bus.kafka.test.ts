import { givenKafka } from '../given-by-setup.ts';
import { describeBusContract } from './bus-contract.ts';

const kafka = givenKafka();
const [brokers, minSessionMs, skipped] =
  'skipped' in kafka ? [[], 0, kafka.skipped] : [kafka.brokers, kafka.minSessionTimeoutMs, undefined];
/** Short, so that tests wait little, but long enough for a busy machine. */
const SESSION_MS = Math.max(3_000, minSessionMs);

describeBusContract({
  name: 'Kafka',
  skipped,
  address: () => ({ kind: 'kafka', brokers, sessionTimeoutMs: SESSION_MS }),
  silenceMs: SESSION_MS,
});
