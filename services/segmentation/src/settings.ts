import Type, { type Static } from 'typebox';

/** Segmentation's own settings. The thresholds of the lifecycle are not among them: they are changed over HTTP. */
export const SegmentationSettings = Type.Object({
  SEGMENTATION_SWEEP_EVERY_MS: Type.Integer({
    default: 1_000,
    minimum: 50,
    description: 'Pause between looks for customers whom silence moves to another lifecycle state',
  }),
  SEGMENTATION_PORTION: Type.Integer({
    default: 1_000,
    minimum: 1,
    maximum: 10_000,
    description:
      'Customers per transaction when they are looked at by the clock or after a change of the lifecycle settings',
  }),
  SEGMENTATION_CATCH_UP_WAIT_MS: Type.Integer({
    default: 60_000,
    minimum: 0,
    description: 'How long transitions that are overdue by more than an hour wait while purchases are still to be read',
  }),
  SEGMENTATION_LOOK_BACK_ORDERS: Type.Integer({
    default: 1_000,
    minimum: 2,
    maximum: 100_000,
    description: "How many of a customer's newest orders and refunds a refund is looked at with",
  }),
  SEGMENTATION_REMEMBER_INTERACTIONS_DAYS: Type.Integer({
    default: 90,
    minimum: 1,
    description: 'How long the ids of interactions are kept to count a repeated one once',
  }),
});
export type SegmentationSettings = Static<typeof SegmentationSettings>;
