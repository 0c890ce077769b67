export { reminders } from './service.ts';
