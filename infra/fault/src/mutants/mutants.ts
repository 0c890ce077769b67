/** A piece of source that is put in the place of another while the file is loaded. */
export interface Replacement {
  /** From the repository's root. */
  file: string;
  /** Stands in the file exactly once. */
  find: string;
  put: string;
}

/** A planted bug. */
export interface Mutant {
  name: string;
  /** What the mutant does wrong. */
  does: string;
  replacements: readonly Replacement[];
  /** Run by an administrator before the services start. */
  sql?: string;
  /** Only tried by `--mutants`: the tests' time is short, and what it shows others show too. */
  extra?: true;
  /** Violations that this bug leads to, at least one of them in each run. A run that reports only others proves less. */
  shows: readonly { invariant: string; kind: string }[];
}

const LEDGER_IDS = 'services/ledger/src/domain/entry-id.ts';

/** An entry's id follows from when it is booked instead of from what is booked, so a repetition does not meet itself. */
const idsByTime: Replacement = {
  file: LEDGER_IDS,
  find: "const hash = idFrom('ledger', kind, ...naturalKey);",
  put: "const hash = idFrom('ledger', kind, ...naturalKey, String(Math.floor(Date.now() / 1_000)));",
};

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'blind-resend',
    does: 'sends an SMS again after an unknown outcome, without asking the provider',
    replacements: [
      {
        file: 'services/messaging/src/use-cases/settle-unknown.ts',
        find: 'const found = await sms.findByMessageIds(messages.map(({ id }) => id));',
        put: 'const found: Map<number, ProviderState> | undefined = new Map();',
      },
    ],
    shows: [{ invariant: 'messages sent once', kind: 'sent twice' }],
  },
  {
    name: 'no-natural-key',
    does: 'books an order again when it comes again, as the ledger knows events only by their offsets',
    replacements: [
      {
        file: 'services/ledger/src/store/purchases.ts',
        find: 'if (inserted.length === rows.length) return NONE;',
        put: 'if (inserted.length <= rows.length) return NONE;',
      },
      idsByTime,
    ],
    shows: [{ invariant: 'purchases booked once', kind: 'doubled' }],
  },
  {
    name: 'offset-before-effect',
    does: 'commits offset and fence when a batch is received, and handles it a moment later',
    replacements: [
      {
        file: 'libs/bus/src/consumer/transact.ts',
        find: 'const parked = await beginAsking(sql, {',
        put: `const early = await sql.begin(async (tx) => {
      const fences = await lockFences(tx, group, topic, partitions);
      const ends = [...endsOf(inOrder.flatMap(({ entries }) => entries))];
      const ahead = ends.filter(([partition, end]) => end > (fences.next.get(partition) as bigint));
      if (ahead.length > 0) await advanceFences(tx, group, topic, new Map(ahead));
      return fences;
    });
    await new Promise((resolve) => setTimeout(resolve, 250));
    const parked = await beginAsking(sql, {`,
      },
      {
        file: 'libs/bus/src/consumer/transact.ts',
        find: 'const { next, anyWaiting } = locked ?? (await lockFences(tx, group, topic, partitions));',
        put: 'const { next, anyWaiting } = early;',
      },
      {
        file: 'libs/bus/src/pg-log/read-batch.ts',
        find: 'let outcome = await handler(batch);',
        put: `await note({ lease: each.lease, next: (batch.records.at(-1)?.offset ?? 0n) + 1n });
    let outcome = await handler(batch);`,
      },
      {
        file: 'libs/bus/src/kafka/each-batch.ts',
        find: 'const outcome = await withHeartbeats(payload, beatMs, handler(batch));',
        put: `await payload.commitOffsetsIfNecessary({
      topics: [{ topic, partitions: [{ partition, offset: String(last.offset + 1n) }] }],
    });
    const outcome = await withHeartbeats(payload, beatMs, handler(batch));`,
      },
    ],
    // Whichever group was hit.
    shows: [
      { invariant: 'purchases booked once', kind: 'lost' },
      { invariant: 'refunds taken back once', kind: 'lost' },
      { invariant: 'segmentation as the oracle says', kind: 'wrong orders' },
      { invariant: 'one message per purchase', kind: 'without message' },
      { invariant: 'poison parked once', kind: 'lost' },
    ],
  },
  {
    name: 'fence-removed',
    does: 'handles whatever is delivered, without looking at the fence',
    replacements: [
      {
        file: 'libs/bus/src/consumer/transact.ts',
        find: 'const fresh = entries.filter(({ record }) => record.offset >= fence);',
        put: 'const fresh = [...entries];',
      },
      {
        file: 'libs/bus/src/consumer/transact.ts',
        find: "if (first && first.record.offset > fence && !rest && !accepted.has('gap'))",
        put: 'if (first && first.record.offset < 0n)',
      },
    ],
    // Orders, refunds and messages have natural keys and stay right: that is what both are for. Parking has none.
    shows: [{ invariant: 'poison parked once', kind: 'parked twice' }],
  },
  {
    name: 'relay-remembers-id',
    does: 'goes on from the highest id that was given out, and never looks back for what commits late',
    replacements: [
      {
        file: 'libs/bus/src/outbox/floor.ts',
        find: 'if (mark && oldestWriter >= mark.writersBelow && reach >= mark.lastId) {',
        put: 'if (mark && reach >= mark.lastId) {',
      },
    ],
    shows: [{ invariant: 'outboxes empty', kind: 'unpublished' }],
  },
  {
    name: 'claim-by-attempt',
    does: 'gives a reward again when the same claim is asked for again, as claims are known only by the request',
    replacements: [
      {
        file: 'services/ledger/src/use-cases/claim-reward.ts',
        find: 'if (again) return again;',
        put: 'void again;',
      },
      {
        file: 'services/ledger/src/store/reward-claims.ts',
        find: 'on conflict (reference) do nothing returning id`;',
        put: 'returning id`;',
      },
    ],
    sql: 'drop index ledger.reward_claim_reference',
    shows: [{ invariant: 'rewards claimed once', kind: 'doubled' }],
  },
  {
    name: 'caps-not-locked',
    does: 'reads what caps have counted without a lock, so that those who do it at the same time count over each other',
    replacements: [
      {
        file: 'services/ledger/src/store/rule-counters.ts',
        find: `const rows = await tx<Counter[]>\`
    insert into rule_counter as c (rule_id, customer_id, per, starts_on)`,
        put: `await tx\`
    insert into rule_counter as c (rule_id, customer_id, per, starts_on)`,
      },
      {
        file: 'services/ledger/src/store/rule-counters.ts',
        find: `on conflict (rule_id, customer_id, per, starts_on) do update set points = c.points
    returning rule_id as "ruleId"`,
        put: `on conflict (rule_id, customer_id, per, starts_on) do nothing\`;
  const rows = await tx<Counter[]>\`select rule_id as "ruleId"`,
      },
      {
        file: 'services/ledger/src/store/rule-counters.ts',
        find: `points, awards\`;
  return new Map(`,
        put: `points, awards from rule_counter
    join unnest(\${rules}::text[], \${customers}::text[], \${periods}::text[], \${starts}::date[])
      as u (rule_id, customer_id, per, starts_on) using (rule_id, customer_id, per, starts_on)\`;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return new Map(`,
      },
    ],
    // The cap of one customer is safe by the lock of its balance; the budget for all is not.
    shows: [
      { invariant: 'caps kept', kind: 'beyond' },
      { invariant: 'caps kept', kind: 'miscounted' },
    ],
  },
  {
    name: 'stock-not-locked',
    extra: true,
    does: 'reads what is left of a reward without a lock and writes one less',
    replacements: [
      {
        file: 'services/ledger/src/store/reward-stock.ts',
        find: 'const [free] = await tx<{ slot: number }[]>`',
        put: `const [seen] = await tx<{ slot: number; remaining: number }[]>\`
    select slot, remaining from reward_stock where reward_id = \${rewardId} and remaining > 0 order by slot limit 1\`;
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (seen) {
    await tx\`update reward_stock set remaining = \${seen.remaining - 1} where reward_id = \${rewardId} and slot = \${seen.slot}\`;
    return seen.slot;
  }
  const [free] = await tx<{ slot: number }[]>\``,
      },
    ],
    shows: [{ invariant: 'stock left and taken', kind: 'off' }],
  },
  {
    name: 'bound-too-early',
    extra: true,
    does: "says that a customer's last points expire a day earlier than they do, so that who asks for its lots may not find them",
    replacements: [
      {
        file: 'services/ledger/src/store/accounts.ts',
        find: 'points + pending, transfers, next_expiry_at, last_expiry_at, next_unnoticed_at,',
        put: "points + pending, transfers, next_expiry_at, last_expiry_at - interval '1 day', next_unnoticed_at,",
      },
    ],
    shows: [{ invariant: 'ledger adds up in itself', kind: 'violations' }],
  },
  {
    name: 'early-refund-forgotten',
    extra: true,
    does: 'lets go what a refund that names no order did not find, though its order is still to come',
    replacements: [
      { file: 'services/ledger/src/domain/plan.ts', find: '      offer(order);', put: '      void offer;' },
    ],
    shows: [{ invariant: 'refunds taken back once', kind: 'wrong sum' }],
  },
  {
    name: 'early-interaction-forgotten',
    extra: true,
    does: 'forgets an interaction that no points await, though their order is still to come',
    replacements: [
      {
        file: 'services/ledger/src/use-cases/find-fulfilled.ts',
        find: 'if (awaiting.length === 0) return new Map();',
        put: 'if (awaiting.length >= 0) return new Map();',
      },
    ],
    shows: [{ invariant: 'awaited points released', kind: 'pending still' }],
  },
  {
    name: 'refund-not-idempotent',
    extra: true,
    does: 'takes points back again when a refund comes again',
    replacements: [
      {
        file: 'services/ledger/src/store/refunds.ts',
        find: 'return new Set(claimed.map(({ refundId }) => refundId));',
        put: 'return new Set([...claimed, ...refunds].map(({ refundId }) => refundId));',
      },
      idsByTime,
    ],
    shows: [{ invariant: 'refunds taken back once', kind: 'doubled' }],
  },
];

/** @throws Error that lists the known names */
export const findMutant = (name: string): Mutant => {
  const found = MUTANTS.find((mutant) => mutant.name === name);
  if (!found) throw new Error(`no mutant "${name}"; there are: ${MUTANTS.map((mutant) => mutant.name).join(', ')}`);
  return found;
};
