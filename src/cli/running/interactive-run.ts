import { relative } from 'node:path';
import { AssayError } from '../../errors.js';
import { placesIn } from '../../gate/places.js';
import { gateTable } from '../../gate/table.js';
import { oneLine } from '../../one-line.js';
import { counted } from '../../report/format.js';
import { stoppedText } from '../../report/stopped-text.js';
import { lacksOnce, warningsOnce } from '../../report/told-once.js';
import type { RunOutcome } from '../../runs/concluding/outcome.js';
import type { ShardName } from '../../runs/folder/shard-name.js';
import type { Listener } from '../../runs/measuring/progress.js';
import type { Results, Warning } from '../../suites/results.js';
import { explainFailure } from '../terminal/failure.js';
import { projectRoot } from '../terminal/github.js';
import { headlineTable } from '../terminal/headline.js';
import { type ReporterFlags, startReporting } from '../terminal/reporting.js';
import { untilStopped } from '../terminal/stop-signals.js';
import { complain, print } from '../terminal/terminal.js';
import { terminalProgress } from '../terminal/terminal-progress.js';

export interface Attendance extends ReporterFlags {
  quiet?: boolean;
  debug?: boolean;
  /** Where the gates stand. */
  gatesFile: string | (() => Promise<string>);
}

/**
 * Runs something with a progress line, lets signals stop it, prints and reports what came out, and returns the exit code.
 * Errors: those of `run`.
 */
export async function interactiveRun(
  run: (tools: { signal: AbortSignal; notify: Listener }) => Promise<RunOutcome>,
  { quiet = false, debug = false, gatesFile, ...flags }: Attendance,
): Promise<number> {
  const reporting = await startReporting(flags);
  const progress = terminalProgress(quiet);
  const stopping = (name: NodeJS.Signals) => {
    if (!quiet) progress.line('stopping: what is measured is kept (once more to leave at once)');
    return new AssayError('interrupted', `stopped by ${name}`, {
      hint: 'run the same command again to continue: what was measured is kept',
    });
  };
  try {
    const outcome = await untilStopped((signal) => run({ signal, notify: progress.listen }), stopping);
    progress.end();
    const { results } = outcome;
    if (!quiet && !reporting.toOutput) print(closing(outcome));
    for (const failure of outcome.failures) complain(explainFailure(failure, debug));
    if (quiet && outcome.exitCode === 1) complain(`${gateTable(results.gates)}\n`);
    // Gates are about the whole: a shard has no verdicts.
    if (!outcome.shard || results.status !== 'partial')
      await reporting.report(async () => ({
        runs: [results],
        gates: results.gates,
        placeOf: await placesIn(
          typeof gatesFile === 'string' ? gatesFile : await gatesFile(),
          rulesOf(results),
          projectRoot(),
        ),
      }));
    return outcome.exitCode;
  } finally {
    progress.end();
  }
}

/** The rules as they were read; the configuration of a run is of no type. */
const rulesOf = ({ config }: Results): readonly unknown[] =>
  (config as { gates?: readonly unknown[] } | null)?.gates ?? [];

/** What is left on the screen: the headline table, warnings, gates, and where the report is. */
function closing({ directory, results, stored, measured, shard }: RunOutcome): string {
  if (shard && results.status === 'partial') return shardLines({ directory, measured, shard });
  const serious = warningsOnce(results.warnings).filter(({ severity }) => severity === 'serious');
  const parts = [
    headlineTable(results),
    stoppedLines(results),
    serious.map(({ message }) => `! ${oneLine(message)}`).join('\n'),
    notMeasured(results, serious),
    results.gates.length > 0 ? gateTable(results.gates) : '',
    `${measuredText(measured, stored)}. Report: ${oneLine(shownPath(directory))}/report.html`,
  ];
  return `\n${parts.filter((part) => part).join('\n\n')}\n`;
}

const measuredText = (measured: number, stored: number): string =>
  measured > 0
    ? `${counted(measured, 'unit')} measured`
    : `Nothing was measured anew: ${counted(stored, 'unit')} ${stored === 1 ? 'was' : 'were'} there`;

/** Numbers of a part are left to whoever has the whole. */
function shardLines({
  directory,
  measured,
  shard,
}: Pick<RunOutcome, 'directory' | 'measured'> & { shard: ShardName }) {
  const where = oneLine(shownPath(directory));
  return [
    `\nShard ${shard.index} of ${shard.of}: ${counted(measured, 'unit')} measured, in ${where}.`,
    `When all are there: assay merge ${where} ${shard.of > 1 ? 'OTHERS... ' : ''}--out WHOLE\n`,
  ].join('\n');
}

function stoppedLines({ stopped }: Results): string {
  if (!stopped) return '';
  const { headline, lines } = stoppedText(stopped);
  return [headline, ...lines.map((line) => `  ${oneLine(line)}`)].join('\n');
}

/** Lines about what could not be measured; the report has them all. */
const LINES = 8;

/** @param told warnings that say of some what is missing already */
function notMeasured({ notApplicable }: Results, told: readonly Pick<Warning, 'message'>[]): string {
  const untold = notApplicable.filter(({ reason }) => !told.some(({ message }) => message.endsWith(reason)));
  const lines = lacksOnce(untold).map(({ suite, models, what, reason }) =>
    oneLine(
      [`- not measured: ${suite} of ${models.join(', ')}`, what && ` (${what})`, `: ${reason}`].join(''),
    ),
  );
  const more = lines.length - LINES;
  return [...lines.slice(0, LINES), ...(more > 0 ? [`  and ${more} more, in the report`] : [])].join('\n');
}

function shownPath(directory: string): string {
  const path = relative(process.cwd(), directory);
  return path === '' ? '.' : path.startsWith('..') ? directory : path;
}
