import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localKafkaObstacle, startKafka } from '@vafa/local-kafka';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { surviveRestart } from './restart-scenario.ts';
import { createShopDatabase, type ShopDatabase } from './shop-database.ts';
import { openStage } from './stage.ts';

/** A broker of one's own: killing the shared one would disturb other tests. */
const obstacle = await localKafkaObstacle();
const LIMIT_MS = 180_000;
const SESSION_MS = 6_000;

let shop: ShopDatabase;
beforeAll(async () => {
  shop = await createShopDatabase(givenPostgres());
});
afterAll(() => shop?.drop());

describe.skipIf(obstacle !== undefined)(`a broker's crash${obstacle ? ` (skipped: ${obstacle})` : ''}`, () => {
  test('kill -9 of the broker and a start on the same data lose nothing and double nothing', {
    timeout: LIMIT_MS,
  }, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'vafa-restart-'));
    const broker = await startKafka({ dir });
    try {
      const stage = await openStage(
        { kind: 'kafka', brokers: broker.brokers, sessionTimeoutMs: SESSION_MS },
        shop,
        'silent',
      );
      try {
        await surviveRestart(stage, async () => {
          await broker.kill9();
          await broker.restart();
        });
      } finally {
        await stage.close();
      }
    } finally {
      await broker.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });
});
