import { deadTopic, Topics } from '@vafa/contracts';
import { systemClock } from '@vafa/kernel';
import { createService, type PlatformSettings, type Service, type ServiceDefinition } from '@vafa/platform';
import type { Logger } from 'pino';
import { type Metric, Registry } from 'prom-client';
import { databaseUrlOf, variables } from './environment.ts';
import { openBus } from './open-bus.ts';
import { portOf } from './service-names.ts';

export interface House {
  services: Service[];
  stop(): Promise<void>;
}

const REBALANCES = 'vafa_bus_rebalances_total';

/** Members belong to the bus, which the services of a process share: the first service shows their counter for all. */
const showRebalances = (busRegistry: Registry, shown: Registry | undefined): void => {
  const counter = busRegistry.getSingleMetric(REBALANCES);
  if (!shown || !counter) return;
  shown.removeSingleMetric(REBALANCES);
  shown.registerMetric(counter as Metric);
};

/** Runs the named services in this process. @throws when one can't start; what was started is stopped again */
export const startHouse = async (options: {
  settings: PlatformSettings;
  definitions: readonly ServiceDefinition[];
  log: Logger;
  onFatal: (service: string, error: unknown) => void;
}): Promise<House> => {
  const { settings, definitions, log, onFatal } = options;
  const busRegistry = new Registry();
  const { bus, close } = await openBus(settings, log, busRegistry);
  const services: Service[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.stop()));
    await close(settings.STOP_TIMEOUT_MS);
  };
  try {
    await bus.ensureTopics(
      Object.values(Topics).flatMap(({ name, partitions }) => [
        { name, partitions },
        { name: deadTopic(name), partitions },
      ]),
    );
    for (const [i, definition] of definitions.entries())
      services.push(
        await createService(definition, {
          settings,
          variables,
          databaseUrl: databaseUrlOf(settings, definition.name),
          bus,
          clock: systemClock,
          log,
          port: portOf(settings.VAFA_PORT_BASE, definition.name),
          clockwork: true,
          processMetrics: i === 0,
          onFatal,
        }),
      );
    showRebalances(busRegistry, services[0]?.context.metrics);
    await Promise.all(services.map((service) => service.start()));
  } catch (error) {
    await stop().catch((stopError: unknown) =>
      log.warn({ err: stopError }, 'could not stop cleanly after a failed start'),
    );
    throw error;
  }
  return { services, stop };
};
