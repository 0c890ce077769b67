export { type GivenKafka, givenKafka, givenPostgres } from './given-by-setup.ts';
export { type Harness, type HarnessOptions, type InjectAnswer, type InjectOptions, startHarness } from './harness.ts';
export {
  cloneDatabase,
  ensureTemplate,
  startTestPostgres,
  TEST_ROLE_SECRET,
  type TestDatabase,
} from './test-postgres.ts';
export { allSchemas, workspaceRoot } from './workspace.ts';
