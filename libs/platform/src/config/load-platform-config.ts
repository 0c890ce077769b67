import { ConfigError, loadConfig } from './load-config.ts';
import { PlatformSettings } from './platform-settings.ts';

/**
 * Reads the settings of every process, and looks whether they go together.
 * @throws ConfigError as `loadConfig`; where transactions of what is heard would take every connection
 */
export const loadPlatformConfig = (variables: Readonly<Record<string, string | undefined>>): PlatformSettings => {
  const settings = loadConfig(PlatformSettings, variables);
  const { VAFA_DATABASE_POOL: pool, BUS_CONCURRENCY: concurrency } = settings;
  // The relay keeps one, each transaction of what is heard takes one, and one must be left.
  const least = concurrency + 2;
  if (pool < least)
    throw new ConfigError([
      `VAFA_DATABASE_POOL = ${pool} must be >= ${least} with BUS_CONCURRENCY = ${concurrency}: the relay keeps one connection, ` +
        'each transaction of what is heard takes one, and HTTP and jobs need one',
    ]);
  return settings;
};
