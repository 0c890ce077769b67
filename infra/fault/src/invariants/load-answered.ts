import { createFinding, type Invariant } from './finding.ts';

/** The house answered everything in the end, and as it should. */
export const loadAnswered: Invariant = async ({ done }) => {
  const { finding, wrong } = createFinding('every deed answered', ['unanswered', 'surprising']);
  const { purchases, refunds, interactions, captures, payments, claims, redemptions } = done;
  const answered = [purchases, refunds, interactions, captures, payments, claims, redemptions];
  finding.checked = answered.reduce((sum, deeds) => sum + deeds.length, 0);
  for (const customerId of done.unanswered) wrong('unanswered', `a deed of ${customerId}`);
  for (const surprise of done.surprises) wrong('surprising', surprise);
  return [finding];
};
