import { Command, Option } from 'commander';
import { engineNames } from '../engines/registry.js';
import { confine } from './confine-option.js';
import { interactiveRun } from './interactive-run.js';
import { type LimitFlags, memoryLimit, timeLimit } from './limit-options.js';
import { wholeNumber } from './option-values.js';
import { type ReporterFlags, reporterOptions } from './reporting.js';

interface RunFlags extends LimitFlags, ReporterFlags {
  out?: string;
  limit?: number;
  engine: string;
  seed?: number;
  threads?: number;
  sessions?: number;
  device?: string;
  confine?: string;
  baseline?: string;
  untilDecided?: boolean;
  quiet?: boolean;
  debug?: boolean;
}

/** `assay run FILE` */
export function runCommand(): Command {
  const command = new Command('run')
    .description(
      'Measures what a run file asks for and writes a report. Every finished piece is kept in the run folder: running the same command again continues where it stopped, and a changed parameter measures only what it touches.',
    )
    .argument('<file>', 'the run file (.yaml or .json)')
    .option('-o, --out <dir>', 'the run folder (default: assay-runs/NAME)')
    .option('--limit <n>', 'use only the first n examples of every data set', wholeNumber(1))
    .option('--seed <s>', 'replaces the seed of the run file', wholeNumber(0, 0xffffffff))
    .addOption(new Option('--engine <name>', 'what runs the networks').choices(engineNames).default('ort'))
    .option('--threads <n>', 'threads per session (default: 1)', wholeNumber(1, 1024))
    .option('--sessions <n>', 'sessions side by side (default: one per core)', wholeNumber(1, 1024))
    .option(
      '--device <name>',
      'ort: cpu (default), webgpu, cuda; tfjs: tensorflow, wasm, cpu (default: the best available)',
    )
    .option('--baseline <dir>', 'what gates with `over: blessed` compare with: made by `assay bless`')
    .option(
      '--until-decided',
      'measure only what gates rest on, in a random order, and stop when every gate is decided at 95 %',
    )
    .addOption(timeLimit())
    .addOption(memoryLimit())
    .addOption(confine())
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  $ assay run my.run.yaml
  $ assay run my.run.yaml --limit 100 --out /tmp/quick     a first look in a minute
  $ assay run release.run.yaml --quiet || echo failed      in CI: 1 is a failed gate, 2 an error
  $ assay run release.run.yaml --until-decided             a verdict with as few examples as it takes
  $ assay run release.run.yaml --reporter junit --outputFile assay.xml

The run folder holds report.html, results.json, measures.csv, examples/*.csv, tables/*.tex, images/ and units/.`,
    )
    .action(async (file: string, flags: RunFlags) => {
      const { quiet, debug, reporter, outputFile, confine: _, ...rest } = flags;
      const { timeLimit: seconds, memoryLimit: mebibytes, ...options } = rest;
      const limits = { seconds, mebibytes };
      process.exitCode = await interactiveRun(
        async (tools) => {
          // Loaded when it is needed: help should not wait for it.
          const { run } = await import('../runs/run.js');
          return run(file, { ...options, limits, ...tools });
        },
        { quiet, debug, reporter, outputFile, gatesFile: file },
      );
    });
  for (const option of reporterOptions()) command.addOption(option);
  return command;
}
