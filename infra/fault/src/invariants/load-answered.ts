import { createFinding, type Invariant } from './finding.ts';

/** The house answered everything in the end, and as it should. */
export const loadAnswered: Invariant = async ({ done }) => {
  const { finding, wrong } = createFinding('every deed answered', ['unanswered', 'surprising']);
  finding.checked = done.purchases.length + done.refunds.length + done.interactions.length + done.captures.length;
  for (const customerId of done.unanswered) wrong('unanswered', `a deed of ${customerId}`);
  for (const surprise of done.surprises) wrong('surprising', surprise);
  return [finding];
};
