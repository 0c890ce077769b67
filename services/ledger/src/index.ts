export { ledger } from './service.ts';
export { type Violation, verifyLedger } from './use-cases/verify.ts';
