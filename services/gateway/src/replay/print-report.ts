import type { Aftermath, ReplayReport } from './options.ts';

const number = new Intl.NumberFormat('en');
const count = (value: number): string => number.format(value);
const row = (name: string, value: string): string => `  ${name.padEnd(30)} ${value}`;

/** The report for the terminal. */
export const printReport = (report: ReplayReport): string => {
  const { file, format, linesRead, events, eventsBefore, eventsSent, seconds, shiftSeconds, aftermath } = report;
  const perSecond = (n: number): string => count(Math.round(n / Math.max(seconds, 0.001)));
  return [
    '',
    `Replay of ${file} (${format})`,
    row('lines read', count(linesRead)),
    ...Object.entries(events).map(([kind, { events: n, lines }]) =>
      row(kind, `${count(n)} from ${count(lines)} lines`),
    ),
    ...skippedRows(report),
    row('lines not accounted for', count(report.unaccounted)),
    ...(shiftSeconds === undefined
      ? []
      : [row('times moved by', `${count(shiftSeconds)} s (kept for the next run; --restart takes it anew)`)]),
    ...(eventsBefore > 0 ? [row('handed in by an earlier run', `${count(eventsBefore)} events`)] : []),
    row(
      'handed in now',
      `${count(eventsSent)} events in ${seconds.toFixed(1)} s: ${perSecond(eventsSent)} events/s, ${perSecond(linesRead)} lines/s`,
    ),
    ...(aftermath ? aftermathRows(aftermath) : []),
    '',
  ].join('\n');
};

/** Reasons of one sort together, with their sum: "no_customer 135,080" and below it what sort of lines those were. */
const skippedRows = ({ skipped }: ReplayReport): string[] => {
  const sorts = Map.groupBy(skipped, ({ reason }) => reason.split('/')[0] as string);
  const total = skipped.reduce((sum, { lines }) => sum + lines, 0);
  const rows = [row('skipped', `${count(total)} lines`)];
  for (const [sort, reasons] of sorts) {
    const lines = reasons.reduce((sum, each) => sum + each.lines, 0);
    const single = reasons.length === 1 && reasons[0]?.reason === sort;
    rows.push(row(`  ${sort}`, single ? describe(lines, reasons[0]?.sampleLines ?? []) : count(lines)));
    if (!single)
      for (const { reason, lines: n, sampleLines } of reasons)
        rows.push(row(`    ${reason.slice(sort.length + 1) || sort}`, describe(n, sampleLines)));
  }
  return rows;
};

const describe = (lines: number, samples: readonly number[]): string =>
  `${count(lines)}${samples.length > 0 ? ` (line ${samples.join(', ')}${lines > samples.length ? ' …' : ''})` : ''}`;

const aftermathRows = (aftermath: Aftermath): string[] => {
  const { waitedSeconds, atRest, unreachable, deadLetters } = aftermath;
  const dead = Object.entries(deadLetters).map(
    ([name, { parked, waiting }]) => `${name} ${count(parked)} parked, ${count(waiting)} waiting`,
  );
  return [
    '',
    atRest
      ? `All services${unreachable.length > 0 ? ' that answer' : ''} have caught up (waited ${waitedSeconds.toFixed(1)} s)`
      : `Not all services have caught up after ${waitedSeconds.toFixed(1)} s; these figures will still change`,
    ...(unreachable.length > 0 ? [row('do not answer', unreachable.join(', '))] : []),
    ...section('ledger', aftermath.ledger),
    ...section('customers per lifecycle state', aftermath.lifecycle),
    ...section('messages', aftermath.messages),
    row('dead letters', dead.length > 0 ? dead.join('; ') : 'none'),
  ];
};

/** Names that say less than people want to know. */
const WORDS: Readonly<Record<string, string>> = {
  clawedBack: 'taken back',
  sumOfAllEntries: 'sum of all entries (must be 0)',
};

/** The figures of a service by the names it gives them. */
const section = (title: string, figures: Readonly<Record<string, unknown>> | undefined): string[] => {
  if (!figures) return [row(title, 'not known (the service does not answer, or not to this key)')];
  const flat = flatten(figures);
  return flat.length === 0
    ? [row(title, 'none')]
    : [`  ${title}`, ...flat.map(([name, value]) => row(`  ${name}`, value))];
};

const flatten = (figures: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] =>
  Object.entries(figures).flatMap(([name, value]): [string, string][] => {
    const words = `${prefix}${WORDS[name] ?? name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()}`;
    if (typeof value === 'number') return [[words, count(value)]];
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return flatten(value as Record<string, unknown>, `${words} `);
    return typeof value === 'string' || typeof value === 'boolean' ? [[words, String(value)]] : [];
  });
