import { event, InteractionRecorded, SegmentEntered } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import type { EarningRule } from '../domain/rules/rule.ts';
import { T0 } from './events.fixture.ts';
import type { LedgerHarness } from './ledger.fixture.ts';

const rule = (id: string, order: number, more: Omit<EarningRule, 'id' | 'name' | 'order'>): EarningRule => ({
  id,
  name: id.replaceAll('-', ' '),
  order,
  ...more,
});

const purchases = { on: 'purchase' } as const;

/** Rules of every trigger, with conditions, caps and times of their own. */
export const RULES: EarningRule[] = [
  rule('shoes', 1, {
    trigger: purchases,
    when: { kind: 'any_line', lines: { category: ['shoes'] } },
    effect: { kind: 'per_amount', points: 1, perMinor: 100, currency: 'EUR', lines: { category: ['shoes'] } },
  }),
  rule('silver', 2, {
    trigger: purchases,
    when: { kind: 'customer_segment', in: ['silver'] },
    effect: { kind: 'multiplier', numerator: 12, denominator: 10 },
  }),
  rule('yazd', 3, {
    trigger: purchases,
    when: { kind: 'customer_attribute', name: 'city', in: ['yazd'] },
    effect: { kind: 'multiplier', numerator: 3, denominator: 1, of: ['base'] },
  }),
  rule('app', 3, {
    trigger: purchases,
    when: { kind: 'order_channel', in: ['app'] },
    effect: { kind: 'fixed', points: 30 },
    caps: { perCustomer: [{ limit: 70, unit: 'points', per: 'month' }], beyond: 'reduce' },
  }),
  rule('opening', 4, {
    trigger: purchases,
    when: { kind: 'order_store', in: ['new'] },
    effect: { kind: 'fixed', points: 10 },
    caps: { budget: [{ limit: 95, unit: 'points', per: 'forever' }], beyond: 'reduce' },
  }),
  rule('review', 5, {
    trigger: purchases,
    when: { kind: 'order_store', in: ['reviewed'] },
    effect: { kind: 'fixed', points: 8 },
    activation: { kind: 'on_event', interactionType: 'survey.answered', cancelAfterDays: 14 },
  }),
  rule('short', 6, {
    trigger: purchases,
    when: { kind: 'order_store', in: ['reviewed'] },
    effect: { kind: 'fixed', points: 4 },
    expiry: { kind: 'rolling', amount: 1, unit: 'days' },
  }),
  rule('signup', 1, {
    trigger: { on: 'interaction', interactionType: 'signup' },
    effect: { kind: 'fixed', points: 50 },
    caps: { perCustomer: [{ limit: 1, unit: 'awards', per: 'forever' }], beyond: 'reduce' },
  }),
  rule('vip', 1, { trigger: { on: 'segment_entered', segmentId: 'vip' }, effect: { kind: 'fixed', points: 100 } }),
  rule('back', 1, { trigger: { on: 'lifecycle_entered', state: 'won_back' }, effect: { kind: 'fixed', points: 7 } }),
  rule('birthday', 1, { trigger: { on: 'birthday' }, effect: { kind: 'fixed', points: 20 } }),
  rule('sorry', 1, {
    trigger: { on: 'manual_grant' },
    when: { not: { kind: 'customer_segment', in: ['barred'] } },
    effect: { kind: 'fixed', points: 15 },
    caps: { perCustomer: [{ limit: 2, unit: 'awards', per: 'year' }], beyond: 'reduce' },
  }),
];

interface Entry {
  kind: string;
  points: number;
  ruleId?: string;
  explanation?: { text: string };
  reason: string;
  orderId?: string;
}

export const envelope = (time = T0) => ({ id: newId(), source: '/test', time });
export const enter = (customerId: string, segmentId: string) =>
  event(SegmentEntered, envelope(), { customerId, segmentId, reason: 'test' });
export const interaction = (customerId: string, interactionType: string, time?: string) =>
  event(InteractionRecorded, envelope(time), { customerId, interactionType });

/** Deeds of the tests of rules. */
export const ruleDeeds = (ledger: () => LedgerHarness) => {
  /** Oldest first. */
  const statement = async (customerId: string): Promise<Entry[]> =>
    (await ledger().call('GET', `/v1/customers/${customerId}/statement?limit=200`)).json().entries.reverse();
  return {
    send: async (...events: Parameters<LedgerHarness['publish']>[0]): Promise<void> => {
      await ledger().publish(events);
      await ledger().settle();
    },
    statement,
    earned: async (customerId: string) =>
      (await statement(customerId)).map(({ ruleId, points, explanation }) => [ruleId, points, explanation?.text]),
  };
};
