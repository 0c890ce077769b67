import { createApi, seedTrial, startTrialHouse, trialCustomers, waitUntilIdle } from '@vafa/trial';
const t = performance.now(); const at = () => ((performance.now()-t)/1000).toFixed(1);
const env: Record<string,string> = process.env.CC ? { NODE_COMPILE_CACHE: process.env.CC } : {};
const house = await startTrialHouse({ dir: '/tmp/ft/smoke', bus: 'postgres-log', say: console.log, env,
 groups: ['gateway','ledger','segmentation','campaigns','messaging','reminders'].map(n=>({label:n,services:[n]})).concat(['ledger','campaigns','messaging'].map(n=>({label:n+'-2',services:[n],env:{VAFA_PORT_BASE:'0'}}))) });
console.log('up', at());
const api = createApi(house.urls, house.apiKey);
await seedTrial(api, trialCustomers('c', 20));
console.log('seeded', at());
await waitUntilIdle(house.urls, Object.keys(house.urls), {limitMs: 20000});
console.log('idle', at());
console.log(await api.call('gateway','POST','/v1/purchases',{customerId:'c-1',orderId:'o1',currency:'IRR',totalMinor:250000,lines:[]}));
await waitUntilIdle(house.urls, Object.keys(house.urls), {limitMs: 20000});
await new Promise(r=>setTimeout(r,2000));
console.log(await api.call('ledger','GET','/v1/customers/c-1/balance'));
for (const [l,p] of house.processes) console.log(l, p.pid());
await house.stop();
console.log('stopped', at());
