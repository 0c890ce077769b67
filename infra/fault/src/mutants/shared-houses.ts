import { MUTANTS, type Mutant } from './mutants.ts';

/**
 * What the tests plant together: none of a group can lead to what another of it must show, as they are in other services or on other
 * ways, so each proves as much as it does alone (`npm run fault -- --mutants` tries each alone) without a house of its own. Those that
 * end when they have shown are apart from those that need the whole run.
 */
const GROUPS: readonly (readonly string[])[] = [
  // Sending, parking, claims over HTTP and caps: what is handled twice is sent, claimed and counted once by its natural key.
  ['blind-resend', 'fence-removed', 'claim-by-attempt', 'caps-not-locked'],
  // What is booked twice is published like everything else, and what is not published is not booked twice.
  ['no-natural-key', 'relay-remembers-id'],
  // What it loses is missed everywhere.
  ['offset-before-effect'],
];

const tried = MUTANTS.filter(({ extra }) => !extra);

/** Every mutant that the tests try, by the house it is planted in; one that is in no group has a house of its own. */
export const SHARED_HOUSES: readonly (readonly Mutant[])[] = [
  ...GROUPS.map((names) => tried.filter(({ name }) => names.includes(name))),
  ...tried.filter(({ name }) => !GROUPS.flat().includes(name)).map((mutant) => [mutant]),
];
