import { campaigns } from '@vafa/campaigns';
import { gateway } from '@vafa/gateway';
import { ledger } from '@vafa/ledger';
import { messaging } from '@vafa/messaging';
import type { ServiceDefinition } from '@vafa/platform';
import { reminders } from '@vafa/reminders';
import { segmentation } from '@vafa/segmentation';
import { SERVICE_NAMES, type ServiceName } from './service-names.ts';

/** A complete record: a service that has a name but no definition does not compile. */
const definitions: Record<ServiceName, unknown> = { gateway, ledger, segmentation, campaigns, messaging, reminders };

/** Every service's definition, in the order of the names. */
export const SERVICES = SERVICE_NAMES.map((name) => definitions[name]) as readonly ServiceDefinition[];

/** @throws Error that lists the known names */
export const findServices = (names: readonly string[]): ServiceDefinition[] =>
  names.map((name) => {
    const found = SERVICES.find((service) => service.name === name);
    if (!found) throw new Error(`no service "${name}"; there are: ${SERVICE_NAMES.join(', ')}`);
    return found;
  });
