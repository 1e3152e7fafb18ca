import { join } from 'node:path';
import { Command } from 'commander';
import type { Warning } from '../suites/results.js';
import { pluginOption, withPlugins } from './plugin-option.js';
import { complain, print } from './terminal.js';

/** Told on the page as well: who reads a report does not see the terminal it was made in. */
const EDITED: Warning = {
  code: 'results-edited',
  severity: 'serious',
  message: 'results.json was changed after a run wrote it: its digest does not match',
  why: 'a number that was edited was not measured',
  fix: 'run the same `assay run` again: it measures nothing that is stored',
};

/** `assay report DIR` */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Writes report.html, measures.csv and tables/*.tex again, from results.json alone; with plug-ins named, also what their renderers make.',
    )
    .argument('<dir>', 'the run folder')
    .addOption(pluginOption('also write what renderers of this plug-in make: a file or an npm package'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ assay report assay-runs/my\n  $ assay report assay-runs/my --plugin ./my-plugin.js',
    )
    .action(async (directory: string, { plugin }: { plugin: string[] }) => {
      const { readResults } = await import('../runs/read-results.js');
      const { writeReport } = await import('../report/write-report.js');
      const { sealHolds } = await import('../runs/seal.js');
      const results = await readResults(directory);
      if (!sealHolds(results)) {
        complain(`! ${EDITED.message}\n`);
        results.warnings.unshift(EDITED);
      }
      await writeReport(directory, results, await withPlugins(plugin));
      print(`Report: ${join(directory, 'report.html')}\n`);
    });
}
