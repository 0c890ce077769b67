import { parseArgs } from 'node:util';
import { parseChaos } from './chaos/sandbox-chaos.ts';
import type { SandboxOptions } from './start-sandbox.ts';

/** What `main.ts --help` prints. */
export const usage = `Fake Kavenegar, fake SMTP server and inbox page, in one process.

  --host HOST            127.0.0.1
  --port PORT            of the fake Kavenegar; 0 (default) takes a free one, as for the other two
  --smtp-port PORT
  --inbox-port PORT
  --api-key KEY          sandbox
  --record FILE          append every accepted message as NDJSON, and take up what is there
  --callback-url URL     post status callbacks there
  --inbox-limit COUNT    messages that the inbox keeps, 5000
  --chaos JSON           {"rejectRate":0.08,"acceptThen500Rate":0.02,"dedupe":false,"seed":1,"mail":{"rejectRate":0.05}}
`;

const readCount = (name: string, text: string | undefined, maximum: number): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) > maximum) throw new TypeError(`--${name} must be 0 to ${maximum}`);
  return Number(text);
};

const readChaos = (text: string | undefined) => {
  if (text === undefined) return undefined;
  try {
    return parseChaos(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw new TypeError(`--chaos is no JSON: ${error.message}`, { cause: error });
    throw error;
  }
};

type Given<Options> = { [Name in keyof Options]: Options[Name] | undefined };

const present = (options: Given<SandboxOptions>): SandboxOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/**
 * Reads the command line.
 * @returns undefined when help was asked for
 * @throws TypeError that says what is wrong
 */
export const readArguments = (args: string[]): SandboxOptions | undefined => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      host: text,
      port: text,
      'smtp-port': text,
      'inbox-port': text,
      'api-key': text,
      record: text,
      'callback-url': text,
      'inbox-limit': text,
      chaos: text,
    },
  });
  if (values.help) return undefined;
  return present({
    host: values.host,
    smsPort: readCount('port', values.port, 65_535),
    smtpPort: readCount('smtp-port', values['smtp-port'], 65_535),
    inboxPort: readCount('inbox-port', values['inbox-port'], 65_535),
    apiKey: values['api-key'],
    recordFile: values.record,
    callbackUrl: values['callback-url'],
    inboxLimit: readCount('inbox-limit', values['inbox-limit'], 100_000),
    chaos: readChaos(values.chaos),
  });
};
