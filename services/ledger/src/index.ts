export { ledger } from './service.ts';
export { type SealHead, type Violation, verifyLedger } from './use-cases/verify.ts';
