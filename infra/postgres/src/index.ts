export { freePort } from './free-port.ts';
export { LocalPostgresError, type LocalPostgresErrorCode } from './local-postgres-error.ts';
export { type LocalPostgres, type LocalPostgresOptions, startLocalPostgres } from './start-local-postgres.ts';
