export { campaigns } from './service.ts';
