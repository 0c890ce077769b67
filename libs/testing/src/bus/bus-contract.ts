import { afterAll, beforeAll, describe, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { failureContract } from './contract/failures.ts';
import { fenceContract } from './contract/fence.ts';
import { memberContract } from './contract/members.ts';
import { orderContract } from './contract/order.ts';
import { waitingContract } from './contract/waiting.ts';
import type { BusAddress } from './open-test-bus.ts';
import { createShopDatabase, type ShopDatabase } from './shop-database.ts';
import { openStage, type StagedTest } from './stage.ts';

/** A bus that is to keep the contract. */
export interface BusUnderTest {
  name: string;
  /** Why it can't be tested here. */
  skipped?: string | undefined;
  /** Where the bus is; the log in Postgres lies in the database of the test file. */
  address(shop: ShopDatabase): BusAddress;
  /** Silence after which a member loses its partitions. */
  silenceMs: number;
}

const TEST_LIMIT_MS = 60_000;
/** 'debug' shows what happens when a test fails. */
const LOG_LEVEL = 'silent';

/**
 * What every bus promises, tried at the level of bus and consumer with real effects in Postgres: order per key, at least
 * once, exactly one effect whatever is killed or frozen, nothing poisonous stops a partition, a clean stop repeats nothing.
 */
export const describeBusContract = (under: BusUnderTest): void => {
  const title = `${under.name} keeps the contract of the bus${under.skipped ? ` (skipped: ${under.skipped})` : ''}`;
  describe.skipIf(under.skipped !== undefined)(title, { timeout: TEST_LIMIT_MS }, () => {
    let shop: ShopDatabase;
    beforeAll(async () => {
      shop = await createShopDatabase(givenPostgres());
    });
    afterAll(() => shop?.drop());

    const staged: StagedTest = (name, play) =>
      test(name, async () => {
        const stage = await openStage(under.address(shop), shop, LOG_LEVEL);
        try {
          await play(stage);
        } finally {
          await stage.close();
        }
      });

    describe('order and completeness', () => orderContract(staged));
    describe('failures', () => failureContract(staged));
    describe('waiting', () => waitingContract(staged));
    describe('the fence', () => fenceContract(staged));
    describe('members', () => memberContract(staged, under.silenceMs));
  });
};
