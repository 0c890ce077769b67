import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { startKafka } from './broker.ts';
import { readFileSync } from 'node:fs';
const mem = (pid: number) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`,'utf8'))?.[1];
let t = performance.now();
const lap = (w: string) => { const n = performance.now(); console.log(w, Math.round(n - t)); t = n; };
const k = await startKafka({ dir: '/tmp/kv/scratch-' + process.pid, log: console.log });
lap('format+start'); console.log('rss', mem(k.pid));
await k.stop(); lap('stop'); await k.restart(); lap('warm start');
const c = new Kafka({ clientId: 'x', brokers: k.brokers, logLevel: logLevel.NOTHING });
const admin = c.admin(); await admin.connect();
await admin.createTopics({ topics: [{ topic: 't', numPartitions: 6 }], waitForLeaders: true }); lap('topic');
const p = c.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner }); await p.connect();
await p.send({ topic: 't', messages: [{ key: 'a', value: 'b' }] }); lap('first send');
for (const [g, w] of [['g1', undefined], ['g2', undefined], ['g3', 100]] as const) {
  const r = c.consumer({ groupId: g, ...(w ? { maxWaitTimeInMs: w } : {}) }); await r.connect(); await r.subscribe({ topics: ['t'], fromBeginning: true });
  let joined = 0; r.on(r.events.GROUP_JOIN, () => { joined = performance.now(); });
  const got = new Promise<void>((res) => { void r.run({ eachMessage: async () => res() }); });
  t = performance.now(); const b = t; await got; console.log(g, 'joined', Math.round(joined - b)); lap('first message');
  await r.disconnect(); lap('disconnect');
}
const v = 'v'.repeat(300);
for (const [batch, n] of [[1, 3000], [100, 60000], [500, 200000], [1000, 200000]] as const) {
  t = performance.now();
  for (let s = 0; s < n; s += batch) await p.send({ topic: 't', messages: Array.from({ length: batch }, (_, i) => ({ key: String(s + i), value: v })) });
  const ms = performance.now() - t; console.log('produce batch', batch, Math.round(n / ms * 1000), '/s');
}
console.log('rss', mem(k.pid));
const total = (await admin.fetchTopicOffsets('t')).reduce((a, o) => a + Number(o.high), 0);
const r = c.consumer({ groupId: 'gr', maxWaitTimeInMs: 100, maxBytesPerPartition: 262144, maxBytes: 2097152 }); await r.connect(); await r.subscribe({ topics: ['t'], fromBeginning: true });
let seen = 0, first = 0; 
await new Promise<void>((res) => { void r.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async ({ batch, resolveOffset, commitOffsetsIfNecessary, heartbeat }) => {
  first ||= performance.now(); seen += batch.messages.length; const l = batch.lastOffset(); resolveOffset(l);
  await commitOffsetsIfNecessary({ topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset: String(BigInt(l) + 1n) }] }] }); await heartbeat();
  if (seen >= total) res(); } }); });
console.log('consume', total, Math.round(total / (performance.now() - first) * 1000), '/s with a commit per batch');
console.log('rss', mem(k.pid)); await r.disconnect(); 
// transactions
const tp = c.producer({ transactionalId: 'tx1', idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner }); await tp.connect();
try { const tx = await tp.transaction(); await tx.send({ topic: 't', messages: [{ key: 'a', value: 'tx' }] }); await tx.commit(); console.log('transaction ok'); } catch (e) { console.log('transaction failed', e); }
await tp.disconnect(); await p.disconnect(); await admin.disconnect();
t = performance.now(); await k.kill9(); await k.restart(); lap('kill9+restart'); await k.stop(); lap('stop');
