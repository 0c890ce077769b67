import { describeBusContract } from './bus-contract.ts';

const LEASE_MS = 1_500;

describeBusContract({
  name: 'the log in Postgres',
  address: ({ url }) => ({ kind: 'postgres-log', url, leaseMs: LEASE_MS }),
  silenceMs: LEASE_MS,
});
