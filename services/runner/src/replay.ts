/** `npm run replay -- FILE --format online-retail|cdnow|vafa`: hands a file of events in at the gateway, as a shop would. */
import { FORMATS, findGateway, isFormat, printReport, ReplayError, replay, serviceUrlsOf } from '@vafa/gateway';
import { readArguments, refuse } from './command-line.ts';
import { readSettings, variables } from './environment.ts';
import { localFolder, readKept } from './local-folder.ts';

const USAGE = `usage: npm run replay -- FILE --format ${Object.keys(FORMATS).join('|')} [options]
  --url URL            the gateway (default: the one npm start runs here)
  --api-key KEY        default: VAFA_API_KEY, else the key npm start keeps
  --shift-to-now       move all times so that the last is now
  --limit N            stop after N events
  --restart            begin anew though an earlier run was not finished
  --no-wait            do not wait for the services to catch up
  --patience-s N       give up when nothing moves for so long (default 300)
  --ledger-url, --segmentation-url, --campaigns-url, --messaging-url, --reminders-url
                       default: the gateway's host, the ports after its own
The file may be gzip. Running it again changes nothing; a stopped run goes on where it was.`;

const EXIT_INTERRUPTED = 130;
const DEFAULT_PATIENCE_S = 300;
const MAX_PATIENCE_S = 86_400;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const OPTIONS = {
  format: text,
  url: text,
  'api-key': text,
  'shift-to-now': flag,
  limit: text,
  restart: flag,
  'no-wait': flag,
  'patience-s': text,
  'ledger-url': text,
  'segmentation-url': text,
  'campaigns-url': text,
  'messaging-url': text,
  'reminders-url': text,
  help: flag,
} as const;

/** A whole number of at least 1, or the command ends. */
const readCount = (name: string, given: string | undefined, most: number): number | undefined => {
  if (given === undefined) return undefined;
  const value = /^\d{1,12}$/.test(given) ? Number(given) : 0;
  return value >= 1 && value <= most ? value : refuse(`--${name} must be a whole number from 1 to ${most}`);
};

const { positionals, values } = readArguments({ allowPositionals: true, options: OPTIONS }, USAGE);
const [file, ...others] = positionals;
const format = values.format ?? '';
if (values.help || !file || others.length > 0 || !isFormat(format)) refuse(USAGE);
else {
  const folder = localFolder(variables.VAFA_HOME);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  try {
    const settings = readSettings();
    const gatewayUrl = values.url ?? `http://${settings.VAFA_HOST}:${settings.VAFA_PORT_BASE}`;
    const urls = serviceUrlsOf(gatewayUrl, {
      ledger: values['ledger-url'],
      segmentation: values['segmentation-url'],
      campaigns: values['campaigns-url'],
      messaging: values['messaging-url'],
      reminders: values['reminders-url'],
    });
    await findGateway(
      urls.gateway,
      values.url ? 'is the address right?' : '`npm start` must run first, in another terminal',
    );
    const report = await replay({
      file,
      format,
      urls,
      apiKey: values['api-key'] ?? variables.VAFA_API_KEY ?? readKept(folder, 'api-key'),
      stateDir: folder,
      shiftToNow: values['shift-to-now'],
      limit: readCount('limit', values.limit, 1e12),
      restart: values.restart,
      wait: !values['no-wait'],
      patienceMs: (readCount('patience-s', values['patience-s'], MAX_PATIENCE_S) ?? DEFAULT_PATIENCE_S) * 1000,
      signal: stop.signal,
      out: process.stderr,
    });
    process.stdout.write(`${printReport(report)}\n`);
    if (report.unaccounted !== 0) process.exitCode = 1;
  } catch (error) {
    if (stop.signal.aborted) {
      process.stderr.write('\nstopped; the same command goes on where it was\n');
      process.exitCode = EXIT_INTERRUPTED;
    } else if (error instanceof ReplayError) refuse(`replay: ${error.message}`, 1);
    else throw error;
  }
}
