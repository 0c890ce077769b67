export { type House, startHouse } from './house.ts';
export { allSchemas, findServices, portOf, SERVICES, serviceNames } from './services.ts';
export { type Supervised, supervise } from './supervise.ts';
