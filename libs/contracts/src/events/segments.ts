import Type from 'typebox';
import { defineEvent } from '../define-event.ts';
import { CustomerId, Id, LifecycleState, payload, Reason } from '../fields.ts';
import { Topics } from '../topics.ts';

export const LifecycleChanged = defineEvent({
  type: 'lifecycle.changed',
  version: 1,
  topic: Topics.segments,
  title: 'A customer moved to another lifecycle state',
  data: payload({
    customerId: CustomerId,
    from: LifecycleState,
    to: LifecycleState,
    reason: Reason,
    orders: Type.Integer({ minimum: 0 }),
  }),
});

const membership = () => payload({ customerId: CustomerId, segmentId: Id, reason: Reason });

export const SegmentEntered = defineEvent({
  type: 'segment.entered',
  version: 1,
  topic: Topics.segments,
  title: 'A customer entered a segment',
  data: membership(),
});

export const SegmentLeft = defineEvent({
  type: 'segment.left',
  version: 1,
  topic: Topics.segments,
  title: 'A customer left a segment',
  data: membership(),
});
