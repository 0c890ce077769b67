import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What an operator watches of the providers. Labels are few: never a customer. */
export const createMessagingMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    calls: new Counter({
      name: 'vafa_messaging_provider_calls_total',
      help: 'Calls to SMS and e-mail providers by what they came to',
      labelNames: ['method', 'result'] as const,
      registers,
    }),
    callSeconds: new Histogram({
      name: 'vafa_messaging_provider_seconds',
      help: 'Seconds per provider call',
      labelNames: ['method'] as const,
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    paused: new Gauge({
      name: 'vafa_messaging_channel_paused',
      help: '1 while a channel is paused because its provider refuses us',
      labelNames: ['channel'] as const,
      registers,
    }),
    oldestDueSeconds: new Gauge({
      name: 'vafa_messaging_oldest_due_seconds',
      help: 'How long the longest waiting message is overdue',
      labelNames: ['channel'] as const,
      registers,
    }),
    held: new Gauge({
      name: 'vafa_messaging_unknown_held',
      help: 'Messages whose outcome nobody knows and that wait for an operator',
      labelNames: ['channel'] as const,
      registers,
    }),
    missingVariables: new Counter({
      name: 'vafa_messaging_missing_variables_total',
      help: 'Variables that templates used and requests did not give',
      labelNames: ['template'] as const,
      registers,
    }),
  };
};
export type MessagingMetrics = ReturnType<typeof createMessagingMetrics>;
