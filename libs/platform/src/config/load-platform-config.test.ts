import { expect, test } from 'vitest';
import { loadPlatformConfig } from './load-platform-config.ts';

test('HTTP and jobs are left a connection, however many transactions are under way', () => {
  expect(loadPlatformConfig({})).toMatchObject({ VAFA_DATABASE_POOL: 5, BUS_CONCURRENCY: 2 });
  expect(loadPlatformConfig({ VAFA_DATABASE_POOL: '3', BUS_CONCURRENCY: '1' }).VAFA_DATABASE_POOL).toBe(3);
  expect(() => loadPlatformConfig({ VAFA_DATABASE_POOL: '3' })).toThrow(
    'VAFA_DATABASE_POOL = 3 must be >= 4 with BUS_CONCURRENCY = 2',
  );
  expect(() => loadPlatformConfig({ BUS_CONCURRENCY: '4' })).toThrow('VAFA_DATABASE_POOL = 5 must be >= 6');
});
