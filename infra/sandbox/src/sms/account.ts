import type { Parameters } from './parameters.ts';
import { granted, type Outcome, refused } from './status-codes.ts';

/** The account at the fake Kavenegar: its credit and its settings. */
export interface Account {
  creditRial(): number;
  setCreditRial(creditRial: number): void;
  info(): Outcome;
  config(parameters: Parameters): Outcome;
}

const allowed: Record<string, RegExp> = {
  apilogs: /^(?:justfaults|enabled|disabled)$/,
  dailyreport: /^(?:enabled|disabled)$/,
  debugmode: /^(?:enabled|disabled)$/,
  defaultsender: /^\d{3,20}$/,
  mincreditalarm: /^\d{1,12}$/,
  resendfailed: /^(?:enabled|disabled)$/,
};

const yearSeconds = 31_536_000;

/** Opens the account. The settings are kept and shown; `debugmode` changes nothing here, for nothing is ever really sent. */
export const createAccount = (options: { creditRial: number; defaultSender: string; now: () => number }): Account => {
  let creditRial = options.creditRial;
  const settings: Record<string, string> = {
    apilogs: 'justfaults',
    dailyreport: 'disabled',
    debugmode: 'disabled',
    defaultsender: options.defaultSender,
    mincreditalarm: '0',
    resendfailed: 'disabled',
  };
  return {
    creditRial: () => creditRial,
    setCreditRial: (next) => {
      creditRial = next;
    },
    info: () =>
      granted({
        remaincredit: creditRial,
        expiredate: Math.floor(options.now() / 1_000) + yearSeconds,
        type: 'Master',
      }),
    config: (parameters) => {
      const changes = Object.keys(allowed).filter((name) => parameters.has(name));
      for (const name of changes) {
        if (!allowed[name]?.test(parameters.get(name) ?? '')) return refused(400);
      }
      for (const name of changes) settings[name] = parameters.get(name) ?? '';
      return granted({ ...settings });
    },
  };
};

/** `utils/getdate`: the service's clock, and a ping that needs no key. */
export const getDate = (nowMs: number): Outcome => {
  const date = new Date(nowMs);
  return granted({
    datetime: date.toISOString(),
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    unixtime: Math.floor(nowMs / 1_000),
  });
};
