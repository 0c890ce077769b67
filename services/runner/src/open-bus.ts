import { createBusMetrics, createKafkaBus, createPostgresLogBus, type EventBus } from '@vafa/bus';
import { openSql, type PlatformSettings } from '@vafa/platform';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { databaseUrlOf } from './environment.ts';

const HOUR_MS = 3_600_000;
/** Publishing, polling, leases and the members' fetches of one process share these. */
const LOG_POOL = 8;

export interface OpenBus {
  bus: EventBus;
  close(deadlineMs: number): Promise<void>;
}

/** The process's bus: Kafka when brokers are named, else the log in Postgres. */
export const openBus = async (settings: PlatformSettings, log: Logger, registry: Registry): Promise<OpenBus> => {
  const metrics = createBusMetrics(registry);
  if (settings.KAFKA_BROKERS) {
    const bus = await createKafkaBus({
      clientId: 'vafa',
      brokers: settings.KAFKA_BROKERS.split(',').map((broker) => broker.trim()),
      tls: settings.KAFKA_TLS,
      ...(settings.KAFKA_SASL_MECHANISM
        ? {
            sasl: {
              mechanism: settings.KAFKA_SASL_MECHANISM,
              username: settings.KAFKA_USERNAME,
              password: settings.KAFKA_PASSWORD,
            },
          }
        : {}),
      replication: settings.KAFKA_REPLICATION,
      sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
      log,
      metrics,
    });
    return { bus, close: (deadlineMs) => bus.close(deadlineMs) };
  }
  const sql = openSql({
    url: databaseUrlOf(settings, 'bus'),
    max: LOG_POOL,
    name: 'vafa-bus',
    schema: 'bus',
    statementTimeoutMs: settings.VAFA_STATEMENT_TIMEOUT_MS,
  });
  const bus = createPostgresLogBus({
    sql,
    log,
    metrics,
    leaseMs: settings.BUS_LEASE_MS,
    partitions: settings.BUS_LOG_PARTITIONS,
    retention: {
      maxAgeMs: settings.BUS_LOG_RETENTION_HOURS * HOUR_MS,
      maxPartitionBytes: settings.BUS_LOG_PARTITION_BYTES,
    },
  });
  const close = async (deadlineMs: number): Promise<void> => {
    await bus.close(deadlineMs);
    await sql.end({ timeout: 5 });
  };
  return { bus, close };
};
