import { Command, Option } from 'commander';
import type { Limits } from '../../engines/guard/limits.js';
import { engineNames } from '../../engines/registry.js';
import { AssayError } from '../../errors.js';
import type { Fetching } from '../../fetch/remote.js';
import type { ShardName } from '../../runs/folder/shard-name.js';
import { cacheOption, cachesOfEnvironment } from '../options/cache-option.js';
import { confine } from '../options/confine-option.js';
import { batchMemory, type LimitFlags, memoryLimit, timeLimit } from '../options/limit-options.js';
import { partOf, positiveNumber, positiveUpTo, wholeNumber } from '../options/option-values.js';
import { presetOption } from '../options/preset-option.js';
import {
  endpointOption,
  queueChoice,
  queueOption,
  type StoreFlags,
  storeOption,
} from '../options/queue-option.js';
import { presetFolder } from '../presets/preset-folder.js';
import { probeSize } from '../running/cost-shown.js';
import { interactiveRun } from '../running/interactive-run.js';
import { type ReporterFlags, reporterOptions } from '../terminal/reporting.js';
import { complain } from '../terminal/terminal.js';
import { terminalProgress } from '../terminal/terminal-progress.js';

interface RunFlags extends LimitFlags, ReporterFlags, StoreFlags {
  preset?: string;
  data?: string;
  out?: string;
  limit?: number;
  engine: string;
  seed?: number;
  threads?: number;
  sessions?: number;
  workers?: number | 'auto';
  device?: string;
  confine?: string;
  cache?: string[];
  baseline?: string;
  untilDecided?: boolean;
  shard?: ShardName;
  unitTimeout?: number;
  planOnly?: boolean;
  probe?: true | number;
  json?: boolean;
  failOnError?: number | false;
  queue?: string;
  quiet?: boolean;
  debug?: boolean;
}

/** `assay run FILE` */
export function runCommand(): Command {
  const command = new Command('run')
    .description(
      'Measures what a run file asks for and writes a report. Every finished piece is kept in the run folder: running the same command again continues where it stopped, and a changed parameter measures only what it touches.',
    )
    .argument('<file>', 'the run file (.yaml or .json); with --preset, a checkpoint or its model card')
    .addOption(presetOption())
    .option('--data <dir>', 'with --preset: the folder with the data sets, which are found by name')
    .option('-o, --out <dir>', 'the run folder (default: assay-runs/NAME)')
    .option('--limit <n>', 'use only the first n examples of every data set', wholeNumber(1))
    .option('--seed <s>', 'replaces the seed of the run file', wholeNumber(0, 0xffffffff))
    .addOption(new Option('--engine <name>', 'what runs the networks').choices(engineNames).default('ort'))
    .option('--threads <n>', 'threads per session (default: 1)', wholeNumber(1, 1024))
    .option('--sessions <n>', 'sessions side by side (default: one per core)', wholeNumber(1, 1024))
    .option(
      '--workers <n>',
      'processes that measure side by side, or `auto`: as many as there are cores, if that turns out to be faster (default: this one alone)',
      (text: string) => (text === 'auto' ? text : wholeNumber(1, 1024)(text)),
    )
    .option(
      '--device <name>',
      'ort: cpu (default), webgpu, cuda; tfjs: tensorflow, wasm, cpu (default: the best available)',
    )
    .addOption(cacheOption())
    .option('--baseline <dir>', 'what gates with `over: blessed` compare with: made by `assay bless`')
    .option(
      '--until-decided',
      'measure only what gates rest on, in a random order, and stop when every gate is decided at 95 %',
    )
    .option(
      '--shard <i/n>',
      'measure one of n parts of about equal cost, in a folder of its own; `assay merge` puts them together',
      partOf,
    )
    .option(
      '--unit-timeout <s>',
      'seconds a unit may take before it is tried once more and then given up (default: no limit)',
      positiveUpTo(1e6),
    )
    .option(
      '--fail-on-error <n>',
      'end with exit code 2 when so many units failed, or such a share of all (0.05), and leave fewer out with a warning (default: 1)',
      positiveNumber,
    )
    .option('--no-fail-on-error', 'leave out all units that fail')
    .option(
      '--plan-only',
      'print what the run would take, in passes and time, and measure nothing; with --shard, of every shard',
    )
    .option(
      '--probe [n]',
      'with --plan-only: measure n examples first (default: 64), where passes or times are not known',
      wholeNumber(32, 4096),
    )
    .option('--json', 'with --plan-only: print it as JSON')
    .addOption(queueOption().conflicts('workers'))
    .addOption(storeOption())
    .addOption(endpointOption())
    .addOption(timeLimit())
    .addOption(memoryLimit())
    .addOption(batchMemory())
    .addOption(confine())
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  $ assay run my.run.yaml
  $ assay run my.run.yaml --limit 100 --out /tmp/quick     a first look
  $ assay run release.run.yaml --quiet || echo failed      in CI: 1 is a failed gate, 2 an error
  $ assay run big.run.yaml --plan-only --probe             what it will take
  $ assay run release.run.yaml --until-decided             a verdict with as few examples as it takes
  $ assay run larger.run.yaml --cache assay-runs           what earlier runs have measured is not measured again
  $ assay run large.run.yaml --queue redis://queue.local   measured by every \`assay worker\` of that queue
  $ assay run release.run.yaml --reporter junit --outputFile assay.xml
  $ assay run big.run.yaml --shard 2/16                    the second of 16 parts, on any machine
  $ assay run --preset jem CIFAR10_MODEL.pt --data ./data --limit 100      what \`assay init --preset jem\` writes

The run folder holds report.html, results.json, measures.csv, examples/*.csv, tables/*.tex, images/ and units/.`,
    )
    .action(async (given: string, flags: RunFlags) => {
      const { quiet, debug, reporter, outputFile, confine: _, preset, data, ...others } = flags;
      const { queue: url, store, endpoint, cache: named = [], ...rest } = others;
      const { timeLimit: seconds, memoryLimit: mebibytes, batchMemory: batchMebibytes, ...more } = rest;
      const { planOnly, probe, json, ...asking } = more;
      const cache = [...named, ...cachesOfEnvironment()];
      const queue = queueChoice(url, { store, endpoint }, cache);
      const limits = { seconds, mebibytes, batchMebibytes };
      refuseAlone({ planOnly, probe, json });
      const { file, ...options } = await asked(given, asking, { preset, data, quiet, limits });
      if (planOnly) {
        const { printPlan } = await import('../running/plan-only.js');
        const { shard, ...more } = options;
        const costing = { ...more, cache, endpoint, limits, probe: probeSize(probe), shards: shard?.of };
        await printPlan(file, costing, { json, quiet });
        return;
      }
      process.exitCode = await interactiveRun(
        async (tools) => {
          // Loaded when it is needed: help should not wait for it.
          const { run } = await import('../../runs/run.js');
          return run(file, { ...options, cache, endpoint, limits, ...(queue && { queue }), ...tools });
        },
        { quiet, debug, reporter, outputFile, gatesFile: file },
      );
    });
  for (const option of reporterOptions()) command.addOption(option);
  return command;
}

/** Errors: `config-invalid` for what says something of a plan without one. */
function refuseAlone({ planOnly, probe, json }: Pick<RunFlags, 'planOnly' | 'probe' | 'json'>): void {
  if (planOnly || (probe === undefined && json === undefined)) return;
  throw new AssayError('config-invalid', `${json ? '--json' : '--probe'} goes with --plan-only`, {
    expected: 'assay run FILE --plan-only [--probe] [--json]',
    found: 'no --plan-only',
    hint: 'add --plan-only; the results of a run are in results.json, as JSON',
  });
}

interface Asked {
  preset?: string | undefined;
  data?: string | undefined;
  quiet?: boolean | undefined;
  limits: Partial<Limits>;
}

/** The run file, which a preset writes into the run folder first. Errors: `config-invalid`; those of writing it. */
async function asked<T extends Pick<RunFlags, 'out' | 'limit' | 'engine'>>(
  given: string,
  options: T,
  { preset, data, quiet, limits }: Asked,
): Promise<T & { file: string }> {
  if (preset === undefined && data === undefined) return { ...options, file: given };
  if (preset === undefined || data === undefined)
    throw new AssayError('config-invalid', '--preset and --data go together', {
      expected: 'assay run --preset jem CHECKPOINT --data FOLDER',
      found: preset === undefined ? '--data alone' : '--preset alone',
      hint:
        preset === undefined
          ? 'add --preset jem; or leave out --data: a run file says itself where its data are'
          : 'add --data FOLDER; or leave out --preset, to run a run file',
    });
  const { prepare } = await import('../presets/prepare.js');
  const { out = presetFolder(preset, given), limit } = options;
  const progress = terminalProgress(quiet === true);
  const tell: Fetching['tell'] = (stage) => progress.listen({ kind: 'stage', ...stage });
  const asking = { preset, checkpoint: given, data, directory: out, limit, limits, tell };
  const made = await prepare(asking).finally(() => progress.end());
  if (!quiet) complain(`${made.told.join('\n')}\n`);
  return { ...options, out, engine: made.engine ?? options.engine, file: made.run };
}
