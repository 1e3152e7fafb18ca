import { Command } from 'commander';
import type { AssayError } from '../../errors.js';
import { oneLine } from '../../one-line.js';
import { repeated } from '../options/option-values.js';
import { complain, print } from '../terminal/terminal.js';

interface HistoryFlags {
  measure?: string[];
  model?: string[];
  all?: boolean;
  json?: boolean;
  out?: string;
}

/** `assay history DIR` */
export function historyCommand(): Command {
  return new Command('history')
    .description(
      'Shows how measures moved over the runs in a folder, by time: run folders, or results.json files under names of their own. Where data, parameters, options or versions changed between two runs, the line is broken and what changed is told.',
    )
    .argument('<dir>', 'a folder of run folders or of results.json files')
    .option('--measure <name>', 'only this measure; may be given several times', repeated(String))
    .option('--model <name>', 'only this model; may be given several times', repeated(String))
    .option('--all', 'every measure, not only those of the headline table')
    .option('--json', 'print the history as JSON')
    .option(
      '-o, --out <dir>',
      'also write history.html, with a figure for every measure, and the numbers as CSV and JSON',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ assay history assay-runs
  $ assay history releases --measure robust-accuracy --model jem --out trends`,
    )
    .action(async (directory: string, flags: HistoryFlags) => {
      const { readHistory } = await import('../../across/read-history.js');
      const { historyOf } = await import('../../across/history.js');
      const { historyText } = await import('../../across/history-text.js');
      const { neighbourTests } = await import('../../across/history-tests.js');
      const options = {
        ...(flags.measure && { measures: flags.measure }),
        ...(flags.model && { models: flags.model }),
        ...(flags.all && { all: true }),
      };
      const past = await readHistory(directory);
      const { tests, untested } = await neighbourTests(past, options);
      for (const { run, why } of untested)
        complain(`! ${oneLine(run)} is not tested against its neighbours: ${oneLine(reasonOf(why))}\n`);
      const history = historyOf(past, options, tests);
      if (flags.json) print(`${JSON.stringify(history, null, 2)}\n`);
      else print(`${historyText(history)}\n`);
      if (flags.out === undefined) return;
      const { writeHistory } = await import('../../across/write-outputs.js');
      const page = await writeHistory(flags.out, history);
      if (!flags.json) print(`\nPage: ${page}\n`);
    });
}

/** `the rows of Accuracy do not give its value (v1/examples/accuracy.csv): 0.5`, without what to do about it. */
const reasonOf = ({ message, details: { file, found } }: AssayError): string =>
  `${message}${file === undefined ? '' : ` (${file})`}${found === undefined ? '' : `: ${found}`}`;
