/** Why a message is sent, from the one that may always go to the one with the most rules. */
export const PURPOSES = ['otp', 'transactional', 'service', 'promotional'] as const;
export type Purpose = (typeof PURPOSES)[number];

export const CHANNELS = ['sms', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/**
 * The purpose whose rules apply: the stricter of what was asked and what the template is for, so that an advertisement
 * is not sent at night by calling it transactional.
 */
export const stricterPurpose = (asked: Purpose, template: Purpose | null | undefined): Purpose =>
  template && PURPOSES.indexOf(template) > PURPOSES.indexOf(asked) ? template : asked;

/** One-time codes and receipts have a lane of their own: a campaign of 100,000 must not hold them up. */
export const isUrgent = (purpose: Purpose): boolean => purpose === 'otp' || purpose === 'transactional';

/** Club messages and advertisements need the customer's consent, keep quiet hours and carry a way out. */
export const needsConsent = (purpose: Purpose): boolean => !isUrgent(purpose);
