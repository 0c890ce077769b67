import { type ParseArgsConfig, parseArgs } from 'node:util';
import { messageOf } from '@vafa/kernel';

/** Prints one line to the error stream and ends. Wrong use ends with 2. */
export const refuse = (text: string, code = 2): never => {
  process.stderr.write(`${text}\n`);
  process.exit(code);
};

/** The command's arguments; ends with what is wrong and the usage when they are not understood. */
export const readArguments = <Config extends ParseArgsConfig>(
  config: Config,
  usage: string,
): ReturnType<typeof parseArgs<Config>> => {
  try {
    return parseArgs(config);
  } catch (error) {
    return refuse(`${messageOf(error)}\n${usage}`);
  }
};
