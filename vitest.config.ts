import { defineConfig } from 'vitest/config';

const CAMPAIGN = '**/*.campaign.test.ts';

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { TZ: 'UTC' },
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['libs/**/*.test.ts', 'services/**/*.test.ts', 'infra/**/*.test.ts'],
          exclude: ['**/node_modules/**', CAMPAIGN],
          globalSetup: ['infra/checks/vitest-setup.ts'],
        },
      },
      {
        // A whole house of its own each: they come last and one at a time, or they would judge how busy the machine is.
        extends: true,
        test: {
          name: 'campaigns',
          include: [CAMPAIGN],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
