import { SMALL } from './house.ts';
import { type Finding, violationsOf } from './invariants/finding.ts';
import { MUTANTS, type Mutant } from './mutants/mutants.ts';
import { render, summaryOf, type Verdict, verdictOf } from './report.ts';
import { type RunOptions, type RunReport, runFault } from './run-fault.ts';

/** A mutant's house need not be waited for as long: that it is stuck or loses deeds is what it is meant to show. */
const MUTANT_LIMITS = { stillMs: 9_000, answerLimitMs: 20_000 };

export interface TrialOfMutants {
  /** The control was clean and every mutant was reported for what it does. */
  proven: boolean;
  table: string;
}

/** How often those violations showed that this mutant must lead to. */
export const shown = ({ shows }: Mutant, findings: readonly Finding[]): number =>
  shows.reduce(
    (sum, each) => sum + (findings.find(({ invariant }) => invariant === each.invariant)?.counts[each.kind] ?? 0),
    0,
  );

/** Plants one mutant and runs. */
export const runMutant = (options: RunOptions, mutant: Mutant): Promise<RunReport> =>
  runFault({ ...options, mutant, layout: SMALL, ...MUTANT_LIMITS });

const rowOf = (name: string, verdict: Verdict, report: RunReport, told: string): string => {
  const broken = report.findings.reduce((sum, finding) => sum + violationsOf(finding), 0);
  return `${name.padEnd(24)} ${verdict.padEnd(9)} ${String(broken).padStart(5)} violations  ${told}  (${report.seconds.toFixed(0)} s)`;
};

/** The control and every mutant, one after the other. */
export const tryMutants = async (options: RunOptions): Promise<TrialOfMutants> => {
  const { say } = options;
  const rows: string[] = [];
  say('control …');
  const control = await runFault({ ...options, mutant: undefined });
  const verdict = verdictOf(control);
  say(render(control));
  rows.push(rowOf('control', verdict, control, summaryOf(control)));
  let proven = verdict === 'clean';
  for (const mutant of MUTANTS) {
    say(`\nmutant ${mutant.name}: ${mutant.does} …`);
    const report = await runMutant(options, mutant);
    say(render(report));
    const times = shown(mutant, report.findings);
    if (times === 0) proven = false;
    rows.push(rowOf(mutant.name, verdictOf(report), report, times === 0 ? 'MISSED' : `caught: shows ${times} times`));
  }
  return { proven, table: ['', ...rows, '', proven ? 'the campaign has teeth' : 'NOT proven'].join('\n') };
};
