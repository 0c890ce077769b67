import type { Queryable, Tx } from '@vafa/bus';
import type { ExpiryOf } from '../domain/expiry-policy.ts';
import type { Lot } from '../domain/lot.ts';
import { findTiersOfLots } from '../store/lots.ts';
import { findFacts } from '../store/profiles.ts';
import type { Rules } from './current-programme.ts';

/** Nothing is read of customers where no tier has an expiry of its own. */
const isAsked = ({ compiled }: Rules): boolean =>
  [...compiled.tiers.values()].some(({ expiryOf }) => expiryOf !== null);

/** The tier of whoever is given something, as far as it decides when that expires. */
export const findTiersForExpiry = async (
  db: Queryable,
  rules: Rules,
  customerIds: readonly string[],
): Promise<(customerId: string) => string | null> => {
  if (!isAsked(rules)) return () => null;
  const facts = await findFacts(db, [...new Set(customerIds)], rules.programme?.tiers);
  return (customerId) => facts.get(customerId)?.tier ?? null;
};

/** When lots expire that begin to live now: by the tier in which their points were won, else by the programme. */
export const findExpiryOfLots = async (tx: Tx, rules: Rules, lots: readonly Lot[]): Promise<(lot: Lot) => ExpiryOf> => {
  if (!isAsked(rules)) return () => rules.expiryOf;
  const tiers = await findTiersOfLots(
    tx,
    lots.map(({ id }) => id),
  );
  return ({ id }) => rules.compiled.tiers.get(tiers.get(id) ?? '')?.expiryOf ?? rules.expiryOf;
};
