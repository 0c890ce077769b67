import { type DatabaseAccess, loadPlatformConfig, type PlatformSettings, serviceUrl } from '@vafa/platform';

/** The variables of this process. The one place outside the tests' setup that reads them. */
export const variables: Readonly<Record<string, string | undefined>> = process.env;

/** Exit code for what a restart would not mend: wrong settings, a port in use. */
export const EXIT_SETTINGS = 78;

/** @throws ConfigError with every problem */
export const readSettings = (): PlatformSettings => loadPlatformConfig(variables);

/** How to reach the database as administrator; @throws Error when it is not set */
export const adminAccess = (settings: PlatformSettings): DatabaseAccess => {
  const missing = [
    settings.DATABASE_URL ? undefined : 'DATABASE_URL (an administrator of the PostgreSQL database)',
    settings.VAFA_ROLE_SECRET ? undefined : 'VAFA_ROLE_SECRET (any long random text, the same for all processes)',
  ].filter((each) => each !== undefined);
  if (missing.length > 0) throw new Error(`not set: ${missing.join(', ')}. On one machine \`npm start\` needs neither`);
  return { adminUrl: settings.DATABASE_URL, roleSecret: settings.VAFA_ROLE_SECRET };
};

/**
 * The URL a service (or the bus) connects with: `<NAME>_DATABASE_URL` if given, so that a process need not know the
 * administrator's, else derived.
 */
export const databaseUrlOf = (settings: PlatformSettings, name: string): string =>
  variables[`${name.toUpperCase()}_DATABASE_URL`] || serviceUrl(adminAccess(settings), name);
