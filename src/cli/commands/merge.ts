import { Command } from 'commander';
import { confine } from '../options/confine-option.js';
import { gatesFileOf } from '../running/gates-file.js';
import { interactiveRun } from '../running/interactive-run.js';
import { type ReporterFlags, reporterOptions } from '../terminal/reporting.js';

interface MergeFlags extends ReporterFlags {
  out: string;
  baseline?: string;
  allowMissing?: boolean;
  allowVersions?: boolean;
  allowDuplicates?: boolean;
  confine?: string;
  quiet?: boolean;
  debug?: boolean;
}

/** `assay merge DIR... --out DIR` */
export function mergeCommand(): Command {
  const command = new Command('merge')
    .description(
      'Puts the shards of a run together and writes results and the report: those of one process that had measured everything, but for times. Neither models nor data are needed. Shards of other run files, engines or versions are refused, and so are missing, unfinished and repeated ones. Ends as `assay run` does.',
    )
    .argument('<dir...>', 'folders that `assay run FILE --shard i/n` wrote')
    .requiredOption('-o, --out <dir>', 'the run folder of the whole')
    .option('--baseline <dir>', 'what gates with `over: blessed` compare with (default: that of the shards)')
    .option('--allow-missing', 'summarise what is there when shards or units are missing: partial results')
    .option('--allow-versions', 'take shards that other versions or processors measured')
    .option('--allow-duplicates', 'take a shard that is there more than once')
    .addOption(confine())
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  $ assay run big.run.yaml --shard 1/2 --out part-1        on one machine
  $ assay run big.run.yaml --shard 2/2 --out part-2        on another
  $ assay merge part-1 part-2 --out assay-runs/big`,
    )
    .action(async (folders: string[], flags: MergeFlags) => {
      const { quiet, debug, reporter, outputFile, confine: _, ...options } = flags;
      process.exitCode = await interactiveRun(
        async (tools) => {
          const { merge } = await import('../../runs/shards/merge.js');
          return merge(folders, { ...options, ...tools });
        },
        { quiet, debug, reporter, outputFile, gatesFile: () => gatesFileOf(flags.out) },
      );
    });
  for (const option of reporterOptions()) command.addOption(option);
  return command;
}
