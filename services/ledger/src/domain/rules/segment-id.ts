import { LIFECYCLE_SEGMENT_PREFIX } from '@vafa/contracts';
import { type Check, text } from './shape.ts';

/**
 * Id of a segment that customers are told to enter and leave. A lifecycle state can be read as a segment, but no
 * `segment.entered` tells of it: a rule that names one would never give anything. `instead` says what such a rule means.
 */
export const segmentId =
  (instead: string): Check =>
  (value, path) =>
    typeof value === 'string' && value.startsWith(LIFECYCLE_SEGMENT_PREFIX)
      ? [{ path, message: `is a lifecycle state, which is never told as a segment: use ${instead}` }]
      : text(value, path);
