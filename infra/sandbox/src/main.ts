import { readArguments, usage } from './arguments.ts';
import { type SandboxOptions, startSandbox } from './start-sandbox.ts';

/** Exit code of a command line that can't be understood. */
const misuse = 2;

/** Runs until SIGINT or SIGTERM. The one line on stdout is for the process that started this one. */
const run = async (options: SandboxOptions) => {
  const { smsUrl, smtpUrl, inboxUrl, apiKey, stop } = await startSandbox(options);
  process.stdout.write(`${JSON.stringify({ ready: true, smsUrl, smtpUrl, inboxUrl, apiKey })}\n`);
  const end = () => void stop().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
};

const read = () => {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(misuse);
  }
};

const options = read();
if (options === undefined) process.stdout.write(usage);
else {
  await run(options).catch((error: unknown) => {
    process.stderr.write(`the sandbox could not start: ${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  });
}
