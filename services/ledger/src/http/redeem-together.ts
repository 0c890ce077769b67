import { createTogether, type ServiceContext, type Together } from '@vafa/platform';
import { createRedemptionDecider } from '../use-cases/decide-redemptions.ts';
import type { Answers, Deed, Redeemed, Redemption } from '../use-cases/redemptions.ts';
import type { RedemptionDeps } from '../use-cases/understand-redemption.ts';
import { callerOf } from './call.ts';

/** Transactions of redemptions at the same time. */
const PLACES = 2;
/** Most redemptions of one transaction: whose accounts they lock wait as long as it takes. */
const MOST_TOGETHER = 200;
/** Most redemptions that are not answered yet. */
const MAX_UNANSWERED = 10_000;

type Door = Together<Redemption, Redeemed>;
type HttpRequest = Parameters<Door['answer']>[0];
type HttpReply = Parameters<Door['answer']>[1];

/** Answers a request with what became of its command, decided together with others that wait. */
export type Redeem = <Kind extends Deed['kind']>(
  request: HttpRequest,
  reply: HttpReply,
  status: number,
  deed: Extract<Deed, { kind: Kind }>,
) => Promise<Answers[Kind]>;

/** The one door of all who spend points in two phases. `idle` resolves when nobody waits any more. */
export const createRedeem = (
  context: ServiceContext,
  deps: RedemptionDeps,
): { redeem: Redeem } & Pick<Door, 'idle'> => {
  const { answer, idle }: Door = createTogether({
    ...{ context, places: PLACES, most: MOST_TOGETHER, maxUnanswered: MAX_UNANSWERED },
    decider: createRedemptionDecider(context.clock, deps),
  });
  const redeem: Redeem = (request, reply, status, deed) =>
    // A deed is answered by its kind.
    answer(request, reply, status, { deed, caller: callerOf(request) }) as never;
  return { redeem, idle };
};
