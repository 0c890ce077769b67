export { type ApiKey, createApiKey, type ListedApiKey, listApiKeys, revokeApiKey } from './auth/api-keys.ts';
export { ConfigError, loadConfig, settingsTable } from './config/load-config.ts';
export { loadPlatformConfig } from './config/load-platform-config.ts';
export { PlatformSettings } from './config/platform-settings.ts';
export {
  askForFormer,
  type FormerJson,
  findErased,
  type ResolveCustomer,
  recordErasure,
  recordMerge,
  resolveCustomers,
  welcomeBack,
} from './customers/former-customers.ts';
export { checkSchema, SchemaMismatchError } from './database/check-schema.ts';
export { checkJournal, type SchemaMigrations } from './database/journal.ts';
export { AUTH_MIGRATIONS, migrateAll } from './database/migrate.ts';
export { type OpenSqlOptions, openSql } from './database/open-sql.ts';
export { type DatabaseAccess, roleOf, rolePassword, serviceUrl } from './database/roles.ts';
export { type HttpApp, SCOPES, type Scope } from './http/app.ts';
export type { Decider, Postponed, Verdict } from './http/decide-in-one.ts';
export { createTogether, type Together } from './http/decide-together.ts';
export { findProblems } from './http/find-problems.ts';
export type { Readiness, ServiceStatus } from './http/health-routes.ts';
export { idempotent } from './http/idempotent.ts';
export { forgetAnswers, giveAnswers, idempotencyKeyOf, requestHash } from './http/kept-answers.ts';
export { Problem, type ProblemBody, problemOf } from './http/problem.ts';
export type { Job } from './jobs/job.ts';
export { createLog, redactText } from './log.ts';
export { createService, type Service, type ServiceEnvironment } from './service/create-service.ts';
export { defineService, type ServiceContext, type ServiceDefinition } from './service/definition.ts';
export { formerCustomerTable, platformTables } from './tables.ts';
