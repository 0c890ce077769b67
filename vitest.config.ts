import { defineConfig } from 'vitest/config';
import LongFirst from './infra/checks/long-first.ts';

const WORKSPACE = ['libs', 'services', 'infra'];
const inWorkspace = (ending: string): string[] => WORKSPACE.map((folder) => `${folder}/**/*${ending}`);
/** Tests with a real database or other processes, with a real Kafka, and with a whole house. */
const INTEGRATION = '.int.test.ts';
const KAFKA = '.kafka.test.ts';
const CAMPAIGN = '.campaign.test.ts';
const NOT_OURS = '**/node_modules/**';

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { TZ: 'UTC' },
    sequence: { sequencer: LongFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: inWorkspace('.test.ts'),
          exclude: [NOT_OURS, ...[INTEGRATION, KAFKA, CAMPAIGN].map((ending) => `**/*${ending}`)],
          // Loading the same modules again for each file took longer than the tests.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [...inWorkspace(INTEGRATION), ...inWorkspace(KAFKA)],
          exclude: [NOT_OURS],
          globalSetup: ['infra/checks/vitest-setup.ts'],
          // As above: a third of the time. Each file has databases, topics and services of its own.
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // A whole house of its own each: they come last and one at a time, or they would judge how busy the machine is.
        extends: true,
        test: {
          name: 'campaigns',
          include: inWorkspace(CAMPAIGN),
          exclude: [NOT_OURS],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
