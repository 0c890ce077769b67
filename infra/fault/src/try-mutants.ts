import { SMALL } from './house.ts';
import { type Finding, violationsOf } from './invariants/finding.ts';
import { lookForLasting } from './invariants/lasting.ts';
import { MUTANTS, type Mutant } from './mutants/mutants.ts';
import { render, summaryOf, type Verdict, verdictOf } from './report.ts';
import { type RunOptions, type RunReport, runFault } from './run-fault.ts';

/** A mutant's house need not be waited for as long: that it is stuck or loses deeds is what it is meant to show. */
const STILL_MS = 9_000;
const ANSWER_LIMIT_MS = 20_000;

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

/**
 * Plants mutants in one house and runs: where each does what nothing mends, until that has shown, which may be answered late on a
 * machine that is busy; else to the end.
 */
export const runMutants = (options: RunOptions, mutants: readonly Mutant[]): Promise<RunReport> => {
  const untilShown = lookForLasting(mutants) !== undefined;
  const limits = untilShown ? { endWhenShown: true } : { answerLimitMs: ANSWER_LIMIT_MS };
  return runFault({ ...options, ...limits, mutants, layout: SMALL, stillMs: STILL_MS });
};

const rowOf = (name: string, verdict: Verdict, report: RunReport, told: string): string => {
  const broken = report.findings.reduce((sum, finding) => sum + violationsOf(finding), 0);
  return `${name.padEnd(24)} ${verdict.padEnd(9)} ${String(broken).padStart(5)} violations  ${told}  (${report.seconds.toFixed(0)} s)`;
};

/** The control and every mutant, one after the other. */
export const tryMutants = async (options: RunOptions): Promise<TrialOfMutants> => {
  const { say } = options;
  const rows: string[] = [];
  say('control …');
  const control = await runFault({ ...options, mutants: [] });
  const verdict = verdictOf(control);
  say(render(control));
  rows.push(rowOf('control', verdict, control, summaryOf(control)));
  let proven = verdict === 'clean';
  for (const mutant of MUTANTS) {
    say(`\nmutant ${mutant.name}: ${mutant.does} …`);
    const report = await runMutants(options, [mutant]);
    say(render(report));
    const times = shown(mutant, report.findings);
    if (times === 0) proven = false;
    rows.push(rowOf(mutant.name, verdictOf(report), report, times === 0 ? 'MISSED' : `caught: shows ${times} times`));
  }
  return { proven, table: ['', ...rows, '', proven ? 'the campaign has teeth' : 'NOT proven'].join('\n') };
};
