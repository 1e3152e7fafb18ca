import { join } from 'node:path';
import { Command, Option } from 'commander';
import { createEngine } from '../../engines/registry.js';
import { AssayError } from '../../errors.js';
import { oneLine } from '../../one-line.js';
import { counted } from '../../report/format.js';
import type { CategoryOptions, Outcome } from '../../verification/category.js';
import type { Expected } from '../../verification/expected.js';
import { confine } from '../options/confine-option.js';
import { type LimitFlags, memoryLimit, timeLimit } from '../options/limit-options.js';
import { positiveUpTo, wholeNumber } from '../options/option-values.js';
import { expectedOf, tellCompared } from '../running/verify-expected.js';
import { explainFailure } from '../terminal/failure.js';
import { untilStopped } from '../terminal/stop-signals.js';
import { complain, print } from '../terminal/terminal.js';
import { terminalProgress } from '../terminal/terminal-progress.js';

interface VerifyFlags extends LimitFlags {
  out?: string;
  category?: string;
  timeout?: number;
  method: CategoryOptions['method'];
  seed: number;
  steps: number;
  restarts: number;
  expected?: string;
  json?: boolean;
  quiet?: boolean;
  debug?: boolean;
}

/** `assay verify INSTANCES.csv` */
export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'Runs a category of the verification competition (VNN-COMP): each line of the list names a network (ONNX), a property (VNN-LIB 1.0) and seconds. Properties are attacked first, then bounded. The result is sat (with a counterexample that was run), unsat (proved, also against rounding), unknown or timeout. Results are kept: the same command again runs what is left. Ends with 0 when all instances were run, 2 when one could not be, 1 when a verdict contradicts those of --expected.',
    )
    .argument('<instances>', 'the CSV of the category: NETWORK.onnx,PROPERTY.vnnlib,SECONDS a line')
    .option(
      '-o, --out <dir>',
      'where results.csv and counterexamples go (default: assay-runs/verify-CATEGORY)',
    )
    .option('--category <name>', 'what results call it (default: the folder of the list)')
    .option(
      '--timeout <s>',
      'seconds for every instance, instead of those of the list',
      positiveUpTo(2_000_000),
    )
    .addOption(
      new Option('--method <name>', 'the last method of proof that is tried')
        .choices(['ibp', 'crown-ibp', 'crown', 'alpha-crown'])
        .default('alpha-crown'),
    )
    .option('--seed <s>', 'of random starts', wholeNumber(0, 0xffffffff), 0)
    .option('--steps <n>', 'steps of the attack from each start', wholeNumber(1, 100_000), 40)
    .option(
      '--restarts <n>',
      'starts of the attack for each alternative of a property',
      wholeNumber(1, 10_000),
      5,
    )
    .option(
      '--expected <csv>',
      'results of the competition or of another tool: tells where verdicts differ, and ends with 1 where one is sat and the other unsat',
    )
    .addOption(timeLimit())
    .addOption(memoryLimit())
    .addOption(confine())
    .option('--json', 'print the outcomes as JSON')
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  $ assay verify acasxu/instances.csv
  $ assay verify instances.csv --timeout 60 --method crown --out results/mine
  $ assay verify instances.csv --expected vnncomp_results/tool/results.csv

A network or property that is not there is looked for with .gz behind its name.`,
    )
    .action(async (file: string, flags: VerifyFlags) => {
      process.exitCode = await verify(file, flags);
    });
}

async function verify(file: string, flags: VerifyFlags): Promise<number> {
  const { timeout, method, seed, steps, restarts, json, quiet = false, debug = false } = flags;
  const { readInstances } = await import('../../verification/instances.js');
  const { categoryOf, verifyCategory } = await import('../../verification/category.js');
  const { KEPT_IN } = await import('../../verification/kept.js');
  const { comparedWith } = await import('../../verification/compared.js');
  const instances = await readInstances(file, timeout);
  const category = flags.category ?? categoryOf(file);
  const out = flags.out ?? join('assay-runs', `verify-${category.replace(/[^\w.-]/g, '_')}`);
  const theirs =
    flags.expected === undefined ? undefined : await expectedOf(flags.expected, instances, category);
  const limits = { seconds: flags.timeLimit, mebibytes: flags.memoryLimit };
  const progress = terminalProgress(quiet);
  const stopping = (name: NodeJS.Signals) => {
    if (!quiet) progress.line('stopping: what is done is in results.csv (once more to leave at once)');
    return new AssayError('interrupted', `stopped by ${name}`, {
      hint: 'run the same command again to continue: what was done is in results.csv, and kept',
    });
  };
  try {
    const { outcomes, compared } = await untilStopped(async (signal) => {
      const engine = () => createEngine('ort', { limits });
      const bench = { method, seed, steps, restarts, signal, engine };
      const outcomes = await verifyCategory(instances, {
        category,
        out,
        ...bench,
        notify: ({ instance, at, of, stage }) =>
          progress.show(`${at + 1}/${of}: ${stage} ${instance.onnx} ${instance.vnnlib}`, true),
        resumed: (count) => {
          if (!quiet && !json) print(`${resumedText(count, instances.length, join(out, KEPT_IN))}\n`);
        },
        tell: (text) => progress.line(text),
        done: (outcome) => {
          if (!quiet && !json) print(`${oneLine(outcomeText(outcome))}\n`);
          if (outcome.error) complain(explainFailure(outcome.error, debug));
        },
      });
      if (!theirs) return { outcomes };
      return {
        outcomes,
        compared: await comparedWith(instances, outcomes, theirs.expected, { ...bench, file: theirs.file }),
      };
    }, stopping);
    progress.end();
    if (json)
      print(
        `${JSON.stringify(
          outcomes.map((outcome, i) => plain(outcome, theirs?.expected[i])),
          null,
          2,
        )}\n`,
      );
    else if (!quiet) print(`\n${summary(outcomes)}. Results: ${oneLine(join(out, 'results.csv'))}\n`);
    if (theirs && compared) tellCompared(compared, theirs.file, quiet || json === true);
    if (compared && compared.contradictions.length > 0) return 1;
    return outcomes.some(({ result }) => result === 'error') ? 2 : 0;
  } finally {
    progress.end();
  }
}

function outcomeText({ result, runTime, onnx, vnnlib, by, why }: Outcome): string {
  const how = by !== undefined ? ` (${by})` : why !== undefined ? ` (${why})` : '';
  return `${result.padEnd(8)}${runTime.toFixed(2).padStart(8)} s  ${onnx} ${vnnlib}${how}`;
}

const resumedText = (count: number, of: number, folder: string): string =>
  oneLine(
    `${count} of ${counted(of, 'instance')} ${count === 1 ? 'was' : 'were'} run before: kept in ${folder}`,
  );

/** `12 instances: 5 sat, 7 unsat` */
function summary(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>();
  for (const { result } of outcomes) counts.set(result, (counts.get(result) ?? 0) + 1);
  const parts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([result, n]) => `${n} ${result}`);
  return `${counted(outcomes.length, 'instance')}: ${parts.join(', ')}`;
}

/** Without the error's stack and cause. */
const plain = ({ error, ...outcome }: Outcome, expected?: Expected) => ({
  ...outcome,
  ...(error && { code: error.code }),
  ...(expected && { expected: expected.verdict }),
});
