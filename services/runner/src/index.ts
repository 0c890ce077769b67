export { type House, startHouse } from './house.ts';
export { SERVER_SETTINGS } from './server-settings.ts';
export { allSchemas, portOf, serviceNames } from './service-names.ts';
export { findServices, SERVICES } from './services.ts';
export { type Supervised, supervise } from './supervise.ts';
