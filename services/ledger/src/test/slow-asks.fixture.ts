import type { RefundedLine } from '../domain/order.ts';
import type { ErasePolicy, ReturnPolicy, SpentPoints } from '../domain/programme.ts';
import type { EventFacts, OrderFacts } from '../domain/rules/facts.ts';
import type { Trigger } from '../domain/rules/rule.ts';
import type { TierStructure } from '../domain/tiers/structure.ts';
import type { Change } from './operations.fixture.ts';
import type { SlowEnd, SlowTerms } from './slow-book.fixture.ts';
import type { SlowCalendar } from './slow-calendar.fixture.ts';
import type { SlowBasis, SlowWay } from './slow-rules.fixture.ts';

export interface SlowPurchase {
  customerId: string;
  orderId: string;
  timeMs: number;
  total: number;
  lines: RefundedLine[];
  /** What rules may ask. */
  order: OrderFacts;
}

/** What the slow ledger asks of a programme. */
export interface SlowRules {
  policy: ReturnPolicy;
  spentPoints: SpentPoints;
  /** By rule, in order; asked before the order is booked. */
  earningsOf: (purchase: SlowPurchase) => { ruleId: string; points: number; basis?: SlowBasis | undefined }[];
  /** What a rule for grants gives a customer; 0 = nothing. */
  grantOf: (customerId: string, ruleId: string, timeMs: number) => number;
  /** When points expire that can be spent from an instant on, by their rule or the customer's tier if those have their own. */
  endsOf: (readyMs: number, tier: string | null, ruleId?: string) => SlowEnd;
  /** From when to when points of a rule can be spent; the tier is that of who bought something. */
  termsOf: (ruleId: string, timeMs: number, tier: string | null) => SlowTerms;
  /** What keeps points alive. */
  keptAliveBy: () => { purchase: boolean; redemption: boolean; interactions: readonly string[] };
  tiers: TierStructure | null;
  calendar: SlowCalendar;
  onErase: ErasePolicy;
  /** What the rules of a trigger may give; asked before anything is booked. */
  waysOf: (customerId: string, trigger: Trigger, event: EventFacts) => SlowWay[];
  /** The rules that give something by one of the ways. */
  possible: (ways: readonly SlowWay[]) => string[];
  /** What is taken of it, caps applied, by rule; counted from then on. What rules gave of it `before` is not given again. */
  taken: (
    customerId: string,
    ways: readonly SlowWay[],
    timeMs: number,
    before?: readonly string[],
  ) => { ruleId: string; points: number; basis?: SlowBasis | undefined }[];
  /** Where a customer stands from now on. */
  changed: (customerId: string, change: Change) => void;
  /** Whose birthday is known, and the last one that has begun by now. */
  birthdays: (nowMs: number) => { customerId: string; year: number; startMs: number; isNew: boolean }[];
  /** How often caps have counted what a customer was given. */
  cappedOf: (customerId: string) => number;
  /** Whatever else has names of customers on it. */
  moved: (from: string, into: string | null) => void;
}
