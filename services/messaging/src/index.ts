export { messaging } from './service.ts';
