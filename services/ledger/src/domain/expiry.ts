import { createExpiryOf, type Expiry, type ExpiryOf, expiryAfterDays } from './expiry-policy.ts';
import type { Programme } from './programme.ts';

/** What a programme says of expiry. */
type Expiring = Pick<Programme, 'expiry' | 'expiresAfterDays' | 'calendar' | 'timeZone'>;

/** When points of a programme expire. Older ones say a number of days, or nothing for never. */
export const expiryPolicyOf = ({ expiry, expiresAfterDays }: Pick<Expiring, 'expiry' | 'expiresAfterDays'>): Expiry =>
  expiry ?? expiryAfterDays(expiresAfterDays ?? null);

/** Prepares the expiry of a programme; without one nothing expires. */
export const createExpiry = (programme: Expiring | undefined): ExpiryOf => {
  if (!programme) return () => null;
  const { calendar = 'gregorian', timeZone } = programme;
  return createExpiryOf(expiryPolicyOf(programme), { calendar, timeZone });
};

/** What a customer does that keeps all of its points alive. */
export interface KeptAliveBy {
  purchase: boolean;
  redemption: boolean;
  /** Types of interactions. */
  interactions: ReadonlySet<string>;
}

/** Do the points of a programme slide? */
export const doSlide = (programme: Pick<Expiring, 'expiry' | 'expiresAfterDays'> | undefined): boolean =>
  programme !== undefined && expiryPolicyOf(programme).kind === 'sliding';

/** What keeps the points of a programme alive: nothing, unless they slide. */
export const keptAliveBy = (programme: Pick<Expiring, 'expiry' | 'expiresAfterDays'> | undefined): KeptAliveBy => {
  const expiry = programme ? expiryPolicyOf(programme) : undefined;
  const { activities, interactionTypes } =
    expiry?.kind === 'sliding' ? expiry : { activities: [], interactionTypes: [] };
  return {
    purchase: activities.some((activity) => activity === 'purchase'),
    redemption: activities.some((activity) => activity === 'redemption'),
    interactions: new Set(interactionTypes),
  };
};
