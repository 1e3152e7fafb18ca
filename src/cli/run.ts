import { relative } from 'node:path';
import { Command, Option } from 'commander';
import { engineNames } from '../engines/registry.js';
import { AssayError } from '../errors.js';
import { gateTable } from '../gate/table.js';
import type { RunOutcome } from '../runs/run-subject.js';
import { painted } from './colour.js';
import { explainFailure } from './failure.js';
import { headlineTable } from './headline.js';
import { wholeNumber } from './option-values.js';
import { ProgressLine } from './progress-line.js';

interface RunFlags {
  out?: string;
  limit?: number;
  engine: string;
  seed?: number;
  threads?: number;
  sessions?: number;
  device?: string;
  quiet?: boolean;
  debug?: boolean;
}

/** `assay run FILE` */
export function runCommand(): Command {
  return new Command('run')
    .summary('measure what a run file asks for, and write a report')
    .description(
      'Measures what a run file asks for and writes a report. Every finished piece is kept in the run folder: running the same command again continues where it stopped, and a changed parameter measures only what it touches.',
    )
    .argument('<file>', 'the run file (.yaml or .json)')
    .option('-o, --out <dir>', 'the run folder (default: assay-runs/NAME)')
    .option('--limit <n>', 'only the first n examples of every data set', wholeNumber(1))
    .option('--seed <s>', "instead of the run file's seed", wholeNumber(0, 0xffffffff))
    .addOption(new Option('--engine <name>', 'what runs the networks').choices(engineNames).default('ort'))
    .option('--threads <n>', 'threads of a session (default: 1)', wholeNumber(1, 1024))
    .option('--sessions <n>', 'sessions side by side (default: one a core)', wholeNumber(1, 1024))
    .option('--device <name>', 'ort: cpu; tfjs: tensorflow, wasm, cpu (default: the best there is)')
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  $ assay run my.run.yaml
  $ assay run my.run.yaml --limit 100 --out /tmp/quick     a first look in a minute
  $ assay run release.run.yaml --quiet || echo failed      in CI: 1 is a failed gate, 2 an error

The run folder holds report.html, results.json, measures.csv, examples/*.csv, tables/*.tex, images/ and units/.`,
    )
    .action(async (file: string, flags: RunFlags) => {
      process.exitCode = await runAndTell(file, flags);
    });
}

async function runAndTell(
  file: string,
  { quiet = false, debug = false, ...options }: RunFlags,
): Promise<number> {
  const { stderr } = process;
  const plain = process.env.CI !== undefined || process.env.TERM === 'dumb';
  const progress = new ProgressLine(
    {
      write: (text) => stderr.write(text),
      isTTY: stderr.isTTY === true && !plain,
      // A terminal that does not tell its width says 0.
      columns: stderr.columns || 100,
    },
    { quiet },
  );
  const controller = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    // The second time the user means now. What is stored is whole at every moment. The default action of the
    // signal, since `process.exit` would tear down workers in the middle of native calls.
    if (controller.signal.aborted) {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      process.kill(process.pid, signal);
      return;
    }
    if (!quiet) progress.line('stopping: what is measured is kept (once more to leave at once)');
    controller.abort(
      new AssayError('interrupted', `stopped by ${signal}`, {
        hint: 'run the same command again to continue: what was measured is kept',
      }),
    );
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    // Loaded when it is needed: help should not wait for it.
    const { run } = await import('../runs/run.js');
    const outcome = await run(file, { ...options, signal: controller.signal, notify: progress.listen });
    progress.end();
    if (!quiet) process.stdout.write(painted(closing(outcome), process.stdout));
    for (const failure of outcome.failures) stderr.write(painted(explainFailure(failure, debug), stderr));
    if (quiet && outcome.exitCode === 1)
      stderr.write(painted(`${gateTable(outcome.results.gates)}\n`, stderr));
    return outcome.exitCode;
  } catch (error) {
    progress.end();
    if (!(error instanceof AssayError) || error.code !== 'interrupted') throw error;
    stderr.write(painted(explainFailure(error, debug), stderr));
    return 130;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** What is left on the screen: the headline table, warnings, gates, and where the report is. */
function closing({ directory, results, measured }: RunOutcome): string {
  const serious = results.warnings.filter(({ severity }) => severity === 'serious');
  const parts = [
    headlineTable(results),
    serious.map(({ message }) => `! ${message}`).join('\n'),
    results.gates.length > 0 ? gateTable(results.gates) : '',
    `${measured} unit${measured === 1 ? '' : 's'} measured. Report: ${shownPath(directory)}/report.html`,
  ];
  return `\n${parts.filter((part) => part).join('\n\n')}\n`;
}

function shownPath(directory: string): string {
  const path = relative(process.cwd(), directory);
  return path === '' ? '.' : path.startsWith('..') ? directory : path;
}
