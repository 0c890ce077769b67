import type { HttpApp, ServiceContext } from '@vafa/platform';
import { freeTierOf, type TierLevel } from '../domain/tiers/structure.ts';
import { isoOfMs, textOf } from '../store/instants.ts';
import { countTiers } from '../store/tier-states.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { readTier, requireTiers, type TierAt } from '../use-cases/read-tier.ts';
import { CustomerParams } from './schemas.ts';
import { CustomerTierBody, TierCounts } from './tier-schemas.ts';

const tags = ['tiers'];

const levelOf = ({ id, name }: TierLevel) => ({ id, name });

const viewOf = ({ customerId, rules, state, standing }: TierAt) => {
  const { metric } = rules.structure;
  const { level, amount, window, next, keep, atRisk } = standing;
  return {
    customerId,
    tier: level && levelOf(level),
    since: level && state ? textOf(state.sinceMs) : null,
    validUntil: textOf(keep?.hasUntilMs ?? null),
    graceUntil: textOf(state?.graceUntilMs ?? null),
    progress: {
      metric: metric.kind,
      ...(metric.kind === 'spend' ? { currency: metric.currency } : {}),
      amount,
      windowFrom: window.first,
      windowUntil: window.last,
    },
    toNext: next && { tier: levelOf(next.level), threshold: next.level.threshold, missing: next.missing },
    toKeep: keep && {
      missing: keep.missing,
      ...(keep.fromMs === null ? {} : { from: isoOfMs(keep.fromMs) }),
      dueAt: isoOfMs(keep.dueMs),
    },
    atRisk,
    benefits: level?.benefits ?? null,
  };
};

/** Which tier customers have, and what they need for more. */
export const tierRoutes = (app: HttpApp, context: ServiceContext, deps: { currentRules: CurrentRules }): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/customers/:customerId/tier',
    {
      schema: {
        tags,
        summary: "A customer's tier, what is missing to the next and to keep it",
        params: CustomerParams,
        response: { 200: CustomerTierBody },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { customerId } = request.params;
      return viewOf(await readTier(sql, customerId, clock.now(), deps));
    },
  );

  app.get(
    '/v1/tiers/counts',
    {
      schema: {
        tags,
        summary: 'Customers by tier; as of the last look at each of them',
        response: { 200: TierCounts },
      },
      config: { scope: 'ledger:read' },
    },
    async () => {
      const { structure } = requireTiers(await deps.currentRules(sql));
      const counts = new Map(
        (await countTiers(sql, freeTierOf(structure))).map(({ tier, customers }) => [tier, customers]),
      );
      return {
        tiers: structure.levels.map((level) => ({ tier: levelOf(level), customers: counts.get(level.id) ?? 0 })),
        none: counts.get(null) ?? 0,
      };
    },
  );
};
