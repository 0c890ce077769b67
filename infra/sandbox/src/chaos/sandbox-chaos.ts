import type { MailChaos } from './mail-script.ts';
import type { SmsChaos } from './sms-behaviour.ts';

/** Chaos of the whole sandbox: the SMS rates stand at the top, those of e-mail under `mail`. */
export interface SandboxChaos extends SmsChaos {
  /** false: the fake Kavenegar sends a repeated localid again, as a provider that does not dedupe would. */
  dedupe?: boolean;
  mail?: MailChaos;
}

const shares = ['rejectRate', 'hangRate', 'acceptThenHangRate'];
const smsNumbers = [
  ...shares,
  'seed',
  'rejectStatus',
  'html502Rate',
  'truncatedRate',
  'resetBeforeAcceptRate',
  'acceptThen500Rate',
  'acceptThenResetRate',
  'undeliveredRate',
  'blockedRate',
];
const mailNumbers = [...shares, 'seed', 'rejectCode', 'dropBeforeDataRate', 'acceptThenDropRate'];
const smsSwitches = ['dedupe', 'statusCallsToo'];

const problemsOf = (value: object, numbers: string[], switches: string[], at: string): string[] =>
  Object.entries(value).flatMap(([key, setting]) => {
    if (numbers.includes(key)) return typeof setting === 'number' ? [] : [`${at}${key} must be a number`];
    if (switches.includes(key)) return typeof setting === 'boolean' ? [] : [`${at}${key} must be true or false`];
    return [`${at}${key} is unknown`];
  });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads chaos that came as JSON (a flag, a request). A misspelt rate would run a fault run without its fault, so
 * every unknown key is refused.
 * @throws TypeError that names all problems at once
 */
export const parseChaos = (value: unknown): SandboxChaos => {
  if (!isObject(value)) throw new TypeError('chaos must be a JSON object');
  const { mail, ...sms } = value;
  const problems = problemsOf(sms, smsNumbers, smsSwitches, '');
  if (mail !== undefined) {
    problems.push(...(isObject(mail) ? problemsOf(mail, mailNumbers, [], 'mail.') : ['mail must be an object']));
  }
  if (problems.length > 0) throw new TypeError(`chaos: ${problems.join('; ')}`);
  return value;
};
