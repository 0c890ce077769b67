export { type House, startHouse } from './house.ts';
export { allSchemas, findServices, portOf, SERVICES, serviceNames } from './services.ts';
