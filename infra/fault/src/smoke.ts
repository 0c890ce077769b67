import { createApi, seedTrial, startTrialHouse, trialCustomers, waitUntilIdle } from '@vafa/trial';
const t = performance.now(); const at = () => ((performance.now()-t)/1000).toFixed(1);
const house = await startTrialHouse({ dir: '/tmp/ft/smoke', bus: 'postgres-log', say: console.log, env: { STOP_TIMEOUT_MS: '5000', VAFA_LOG_LEVEL: 'warn', BUS_LEASE_MS: '1500', NODE_COMPILE_CACHE: '/work/main/.vafa/compile-cache' },
 groups: ['gateway','ledger','segmentation','campaigns','messaging','reminders'].map(n=>({label:n,services:[n]})).concat(['ledger','campaigns','messaging'].map(n=>({label:n+'-2',services:[n],env:{VAFA_PORT_BASE:'0'}}))) });
console.log('up', at());
const api = createApi(house.urls, house.apiKey);
await seedTrial(api, trialCustomers('c', 20));
await waitUntilIdle(house.urls, Object.keys(house.urls), {limitMs: 20000});
console.log('idle', at());
if (process.argv[2] === 'kill') { await house.killPostgres(); console.log('pg back', at()); }
for (let i=0;i<20;i++) await api.call('gateway','POST','/v1/purchases',{customerId:'c-'+i,orderId:'o'+i,currency:'IRR',totalMinor:250000,lines:[]}).catch(console.error);
await new Promise(r=>setTimeout(r,3000));
await Promise.all([...house.processes].map(async ([l,p]) => { const s=performance.now(); await p.stop(30000); console.log('stopped', l, Math.round(performance.now()-s)); }));
await house.stop();
console.log('all', at());
process.exit(0);
