import { Topics } from '@vafa/contracts';
import type { Harness } from '@vafa/testing';

/**
 * SQL of the events of points that the other services were told of, or are about to be, in a subquery. Each has its `headers` and
 * `value` as they are kept, and its `place`, which grows among those that are `still_here`, and among the others. One may be there
 * twice.
 */
export const toldLog = (admin: Harness['admin']) => admin`(
    -- First what is still to go out: it is in the log before it is gone here.
    select headers, value, true as still_here, id as place from ledger.outbox where topic = ${Topics.points.name}
    union all
    select headers, value, false, record_offset from bus.log_record where topic = ${Topics.points.name}
  )`;
