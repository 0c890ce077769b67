export { type SandboxProcess, startSandboxProcess } from './sandbox-process.ts';
export { startTrialHouse, type TrialHouse, type TrialOptions } from './trial-house.ts';
export { type Api, createApi, statusOf, waitUntilIdle } from './api.ts';
export { seedTrial, trialCustomers } from './seed.ts';
