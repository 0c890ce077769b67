import { LocalPostgresError } from './local-postgres-error.ts';

/** The launcher finds the server again by these: they are not the caller's to set. */
const OURS = new Set([
  'listen_addresses',
  'port',
  'unix_socket_directories',
  'data_directory',
  'logging_collector',
  'log_destination',
  'lc_messages',
]);

/**
 * The command line of the server: reachable from this machine only, by TCP and password.
 * @throws LocalPostgresError bad_setting when a name is not one, or is one of the launcher's own
 */
export const serverArguments = (dataDir: string, port: number, settings: Record<string, string>): string[] => {
  for (const name of Object.keys(settings)) {
    if (!/^[a-z_][a-z0-9_.]*$/i.test(name))
      throw new LocalPostgresError('bad_setting', `"${name}" is not the name of a PostgreSQL setting.`);
    if (OURS.has(name.toLowerCase()))
      throw new LocalPostgresError('bad_setting', `The setting ${name} belongs to the launcher: leave it out.`);
  }
  const all = {
    ...settings,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C', // the launcher reads the log
  };
  return ['-D', dataDir, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
};
