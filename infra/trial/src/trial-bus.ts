import { createBusMetrics, createKafkaBus, createPostgresLogBus, type EventBus } from '@vafa/bus';
import { createLog, openSql } from '@vafa/platform';
import { Registry } from 'prom-client';

export interface TrialBus {
  bus: EventBus;
  close(): Promise<void>;
}

const CLOSE_LIMIT_MS = 5_000;
const POOL = 6;

/** The house's bus, for whoever loads it from outside as a shop's own backend would. @throws when it does not answer */
export const openTrialBus = async (house: { adminUrl: string; brokers: string[] }): Promise<TrialBus> => {
  const log = createLog({ level: 'silent' });
  const metrics = createBusMetrics(new Registry());
  const { brokers } = house;
  if (brokers.length > 0) {
    const bus = await createKafkaBus({
      ...{ clientId: 'vafa-trial', brokers, tls: false, replication: 1, sessionTimeoutMs: 45_000 },
      ...{ log, metrics },
    });
    return { bus, close: () => bus.close(CLOSE_LIMIT_MS) };
  }
  const sql = openSql({ url: house.adminUrl, max: POOL, name: 'vafa-trial-bus', schema: 'bus' });
  const bus = createPostgresLogBus({ sql, log, metrics, partitions: 8 });
  return {
    bus,
    close: async () => {
      await bus.close(CLOSE_LIMIT_MS);
      await sql.end({ timeout: 5 });
    },
  };
};
