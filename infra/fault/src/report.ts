import { violationsOf } from './invariants/finding.ts';
import type { RunReport } from './run-fault.ts';

/** 'violated': an invariant is broken · 'void': the run saw too little to say anything · 'clean'. */
export type Verdict = 'clean' | 'violated' | 'void';

export const verdictOf = ({ findings, coverage }: Pick<RunReport, 'findings' | 'coverage'>): Verdict => {
  if (findings.some((finding) => violationsOf(finding) > 0)) return 'violated';
  return coverage.some(({ times }) => times === 0) ? 'void' : 'clean';
};

const plural = (count: number, what: string): string => `${count} ${what}`;

const faultLine = ({ faults }: RunReport): string =>
  [
    plural(faults['kill-service'], 'services killed'),
    plural(faults['kill-at-commit'], 'services killed at a commit'),
    plural(faults.freeze, 'frozen'),
    plural(faults.roll, 'rolled'),
    plural(faults['cut-sessions'], 'times sessions cut'),
    plural(faults['forget-commits'], 'times offsets forgotten'),
    plural(faults['kill-postgres'], 'Postgres killed'),
    ...(faults['kill-kafka'] > 0 ? [plural(faults['kill-kafka'], 'Kafka killed')] : []),
  ].join(', ');

const recoveryOf = (quiet: RunReport['quiet']): string => {
  if (!quiet) return 'not waited for: what the run was for has shown';
  const seconds = `${quiet.seconds.toFixed(1)} s`;
  return quiet.reached ? `all quiet ${seconds} after the last fault` : `not quiet after ${seconds}`;
};

/** The one line that says it all. */
export const summaryOf = ({ done, findings }: Pick<RunReport, 'done' | 'findings'>): string => {
  const of = (invariant: string) => findings.find((finding) => finding.invariant === invariant)?.counts ?? {};
  const booked = of('purchases booked once');
  const sent = of('messages sent once');
  return (
    `sent ${done.purchases.length}, booked ${done.purchases.length - (booked.lost ?? 0)}, lost ${booked.lost ?? 0}, ` +
    `doubled ${booked.doubled ?? 0}, invented ${booked.invented ?? 0} · messages lost ${sent.lost ?? 0}, sent twice ${sent['sent twice'] ?? 0}`
  );
};

const mutantsOf = ({ options: { mutants } }: RunReport): string => {
  if (mutants.length === 0) return 'no mutant';
  return `${mutants.length === 1 ? 'mutant' : 'mutants'} ${mutants.join(', ')}`;
};

/** The report as people read it. */
export const render = (report: RunReport): string => {
  const { options, done, quiet, findings, coverage } = report;
  const width = Math.max(...findings.map(({ invariant }) => invariant.length));
  const rows = findings.flatMap((finding) => {
    const { invariant, checked, counts, examples } = finding;
    const broken = violationsOf(finding) > 0;
    const said = Object.entries(counts)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ');
    return [
      `${broken ? 'BROKEN' : 'holds '}  ${invariant.padEnd(width)}  ${String(checked).padStart(6)} checked: ${said}`,
      ...examples.map((example) => `        ${example}`),
    ];
  });
  const seen = coverage.map(({ what, times }) => `${times > 0 ? 'seen  ' : 'UNSEEN'}  ${what}: ${times}`);
  return [
    '',
    `fault run on ${options.bus}: seed ${options.seed}, ${options.seconds} s, ${options.deedsPerSecond} deeds/s, ${mutantsOf(report)}`,
    `faults    ${faultLine(report)}`,
    `load      ${done.purchases.length} purchases, ${done.refunds.length} refunds, ${done.captures.length} captures, ` +
      `${done.payments.length} payments, ${done.claims.length} claims, ${done.redemptions.length} coupons, ` +
      `${done.interactions.length} interactions, ${done.duplicates} duplicates, ${done.poisons.length} poison records`,
    `answers   ${Object.entries(done.answers)
      .sort(([, a], [, b]) => b - a)
      .map(([answer, times]) => `${times} × ${answer}`)
      .join(', ')}`,
    `recovery  ${recoveryOf(quiet)}`,
    '',
    ...rows,
    '',
    ...seen,
    '',
    summaryOf(report),
    `${verdictOf(report)} (${report.seconds.toFixed(0)} s)`,
  ].join('\n');
};
