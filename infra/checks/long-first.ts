import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/**
 * Files that take long for their size, as most of what they run, or wait for, is elsewhere. Without results of earlier runs files are
 * begun by size, so they came last, and at the end one worker waited for another. Those that wait and those that compute by turns.
 */
const LONG = [
  'libs/testing/src/bus/kafka-bus.kafka.test.ts',
  'services/ledger/src/events/model.int.test.ts',
  'services/ledger/src/events/interruptions.int.test.ts',
  'infra/kafka/src/broker.kafka.test.ts',
  'services/ledger/src/events/online-retail.int.test.ts',
  'libs/testing/src/bus/postgres-log.int.test.ts',
  'services/runner/src/dead-letters.int.test.ts',
  'libs/testing/src/bus/kafka-restart.kafka.test.ts',
  'services/runner/src/fence.int.test.ts',
];

/** Where a file stands among the long ones; the others come after them. */
const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = LONG.findIndex((path) => moduleId.endsWith(`/${path}`));
  return place < 0 ? LONG.length : place;
};

/** Begins with the files that take longest, within each group of projects. */
export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    return (await super.sort(files)).sort((a, b) => groupOf(a) - groupOf(b) || placeOf(a) - placeOf(b));
  }
}
