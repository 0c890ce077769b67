/** The part of pino that the sandbox needs. Neither phones, addresses, texts nor URLs are ever given to it. */
export interface SandboxLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const toStderr = (level: string) => (fields: object, message: string) => {
  process.stderr.write(`${JSON.stringify({ level, ...fields, message: `sandbox: ${message}` })}\n`);
};

/** Used when no log is given: what went wrong goes to stderr, the rest nowhere. */
export const stderrLog: SandboxLog = { info: () => undefined, warn: toStderr('warn'), error: toStderr('error') };
