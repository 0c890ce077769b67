import { AppError } from '@vafa/kernel';
import { isNobody } from '../domain/plan.ts';

/**
 * Refuses what would give points to nobody, or let somebody spend what is kept under a name of nobody: that belongs to no one, and
 * nobody would be told.
 * @throws AppError rejected `ledger.customer_erased`
 */
export const requireSomebody = (customerId: string): void => {
  if (isNobody(customerId))
    throw new AppError(
      'rejected',
      'ledger.customer_erased',
      'an erased customer neither gives, receives nor spends points',
    );
};
