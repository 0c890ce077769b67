export { type Api, createApi, statusOf, waitUntilIdle } from './api.ts';
export { type SandboxProcess, startSandboxProcess } from './sandbox-process.ts';
export { seedTrial, trialCustomers } from './seed.ts';
export { openTrialBus, type TrialBus } from './trial-bus.ts';
export { startTrialHouse, type TrialHouse, type TrialOptions } from './trial-house.ts';
