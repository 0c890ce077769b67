import type { SchemaMigrations } from '@vafa/platform';

/** Every service of the house. Their place in the list is their port above the base port. */
export const SERVICE_NAMES = ['gateway', 'ledger', 'segmentation', 'campaigns', 'messaging', 'reminders'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export const serviceNames = (): string[] => [...SERVICE_NAMES];

/** The port of a service; 0 stays 0 (any free port). */
export const portOf = (base: number, name: string): number =>
  base === 0 ? 0 : base + SERVICE_NAMES.indexOf(name as ServiceName);

/** Every schema to migrate; known by their folders, so that a supervisor need not load the services. */
export const allSchemas = (): SchemaMigrations[] => [
  { name: 'bus', folder: new URL('../../../libs/bus/migrations/', import.meta.url) },
  ...SERVICE_NAMES.map((name) => ({ name, folder: new URL(`../../${name}/migrations/`, import.meta.url) })),
];
