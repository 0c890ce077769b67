export { ledger } from './service.ts';
export { verifyLedger, type Violation } from './use-cases/verify.ts';
