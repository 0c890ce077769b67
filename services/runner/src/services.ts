import { campaigns } from '@vafa/campaigns';
import { gateway } from '@vafa/gateway';
import { ledger } from '@vafa/ledger';
import { messaging } from '@vafa/messaging';
import type { SchemaMigrations, ServiceDefinition } from '@vafa/platform';
import { reminders } from '@vafa/reminders';
import { segmentation } from '@vafa/segmentation';

/** Every service of the house. Their place in the list is their port above the base port. */
export const SERVICES = [
  gateway,
  ledger,
  segmentation,
  campaigns,
  messaging,
  reminders,
] as unknown as readonly ServiceDefinition[];

export const serviceNames = (): string[] => SERVICES.map(({ name }) => name);

/** @throws Error that lists the known names */
export const findServices = (names: readonly string[]): ServiceDefinition[] =>
  names.map((name) => {
    const found = SERVICES.find((service) => service.name === name);
    if (!found) throw new Error(`no service "${name}"; there are: ${serviceNames().join(', ')}`);
    return found;
  });

/** The port of a service; 0 stays 0 (any free port). */
export const portOf = (base: number, name: string): number => (base === 0 ? 0 : base + serviceNames().indexOf(name));

/** Every schema to migrate. */
export const allSchemas = (): SchemaMigrations[] => [
  { name: 'bus', folder: new URL('../../../libs/bus/migrations/', import.meta.url) },
  ...SERVICES.map(({ name, migrations }) => ({ name, folder: migrations })),
];
